# One fit by glmnet for contestants.py: reads FOLDER/problem, writes FOLDER/answer. With FOLDER/folds,
# the number of each row's fold, a cross-validation for cross_validation.py: the least mean error.
# The time counted is the processor time of the fit, conversion from CSR included; not that of
# starting R, loading packages and reading the file. One thread: see solvers.py.

suppressPackageStartupMessages({library(Matrix); library(glmnet)})
folder <- commandArgs(trailingOnly = TRUE)[1]

stream <- file(file.path(folder, "problem"), "rb")
sizes <- readBin(stream, "integer", 5)
n <- sizes[2]
p <- sizes[3]
settings <- readBin(stream, "double", 2)
path <- readBin(stream, "double", sizes[5])
y <- readBin(stream, "double", n)
X <- readBin(stream, "double", sizes[4])
if (sizes[1]) {
  indices <- readBin(stream, "integer", sizes[4])
  indptr <- readBin(stream, "integer", n + 1)
  X <- new("dgRMatrix", x = X, j = indices, p = indptr, Dim = c(n, p))
} else {
  dim(X) <- c(n, p)
}
close(stream)
folds <- file.path(folder, "folds")
if (file.exists(folds)) folds <- readBin(folds, "integer", n) else folds <- NULL

# No end of the path before its last penalty.
glmnet.control(fdev = 0, devmax = 1)

solve_once <- function() {
  if (sizes[1]) X <- as(X, "CsparseMatrix")
  solve <- if (is.null(folds)) glmnet else function(...) cv.glmnet(..., foldid = folds)
  solve(X, y, alpha = settings[1], lambda = path, standardize = FALSE, thresh = settings[2],
        maxit = 1e8)
}

used <- function() sum(proc.time()[1:2])

# The clock counts milliseconds, and what a first call loads is no part of a fit.
start <- used()
fit <- solve_once()
seconds <- used() - start
if (seconds < 0.5) {
  count <- 0
  start <- used()
  while (used() - start < 0.1) {
    fit <- solve_once()
    count <- count + 1
  }
  seconds <- (used() - start) / count
}

if (is.null(folds)) {
  last <- ncol(fit$beta)
  answer <- c(seconds, fit$a0[last], as.numeric(fit$beta[, last]))
} else {
  answer <- c(seconds, min(fit$cvm))
}
writeBin(as.double(answer), file.path(folder, "answer"))

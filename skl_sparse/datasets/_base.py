"""Loaders of the data sets in the package, in the manner of scikit-learn's ``load_*``."""

import csv
import gzip
import json
from importlib.resources import files
from typing import Any

import numpy as np
from sklearn.utils import Bunch

__all__ = ["load_flights", "load_spam"]

PACKAGE = "skl_sparse.datasets"
# Columns of the flights that are whole numbers; the others are names.
INTEGERS = ("month", "day", "hour", "distance")


def read_text(folder, name):
    """Text of a file of the package, unpacked if need be; the package may itself be a zip."""
    content = files(PACKAGE).joinpath(folder, name).read_bytes()
    return (gzip.decompress(content) if name.endswith(".gz") else content).decode("utf-8")


def import_pandas(caller):
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            f"{caller}(as_frame=True) needs pandas, which is not installed. Install it with "
            "`pip install pandas`, or take plain arrays with as_frame=False."
        ) from error
    return pandas


def load_flights(*, return_X_y: bool = False, as_frame: bool = False) -> Any:
    """Load 40,000 flights out of New York in 2013 (regression, categorical columns).

    The target is the delay at arrival in minutes, early arrivals being negative. It has a heavy
    tail. Every column is known before departure.

    ==============  ==============================================
    Samples total   40,000, in order of time
    Features        9, most of them categories
    Target          real, -70 to 895 minutes
    ==============  ==============================================

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, ``data`` is a pandas DataFrame, with categorical columns for names and integer
        columns for numbers, and ``target`` is a Series. Needs pandas.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of shape (40000, 9), dtype object, or DataFrame
            Names are `str`, numbers are `int`. What :class:`~sklearn.preprocessing.OneHotEncoder`
            takes as it is.
        target : ndarray of shape (40000,), dtype float64, or Series
            Delay at arrival, in minutes.
        feature_names : list of str
            month, day, weekday, hour, carrier, origin, dest, tailnum, distance.
        target_names : list of str
            The name of the target: ``["arr_delay"]``.
        frame : DataFrame of shape (40000, 10)
            Data and target together. None unless `as_frame=True`.
        DESCR : str
            Description, source and licence.
        filename, data_module : str
            The file's name and the package that holds it.

    (data, target) : tuple
        If `return_X_y=True`.

    Raises
    ------
    ImportError
        If `as_frame=True` and pandas is not installed.

    See Also
    --------
    load_spam : Messages to tell spam from, a text problem.

    Examples
    --------
    >>> from skl_sparse.datasets import load_flights
    >>> flights = load_flights()
    >>> flights.data.shape
    (40000, 9)
    >>> print(*flights.feature_names)
    month day weekday hour carrier origin dest tailnum distance
    >>> print(*flights.data[0])
    1 1 Tue 5 AA JFK MIA N619AA 1089
    >>> float(flights.target[0])
    33.0
    """
    pandas: Any = import_pandas("load_flights") if as_frame else None
    header, *rows = csv.reader(read_text("data", "flights.csv.gz").splitlines())
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    target = np.array(columns.pop("arr_delay"), dtype=np.float64)
    names = list(columns)
    data = np.empty((len(target), len(names)), dtype=object)
    for j, name in enumerate(names):
        data[:, j] = list(map(int, columns[name])) if name in INTEGERS else columns[name]

    frame = None
    if as_frame:
        kinds = {name: np.int64 if name in INTEGERS else "category" for name in names}
        data = pandas.DataFrame(data, columns=names).astype(kinds)
        target = pandas.Series(target, name="arr_delay")
        frame = data.assign(arr_delay=target)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=names,
        target_names=["arr_delay"],
        DESCR=read_text("descr", "flights.rst"),
        filename="flights.csv.gz",
        data_module=f"{PACKAGE}.data",
    )


def load_spam(*, return_X_y: bool = False, as_frame: bool = False) -> Any:
    """Load 1,800 e-mail messages, spam and ham (classification, text).

    Each message is its subject and the beginning of its body, 700 characters at most, from the
    public corpus of SpamAssassin. Addresses, links and long numbers are replaced by the words
    EMAIL, URL and NUMBER.

    ==============  ==============================================
    Samples total   1,800, in random order
    Classes         2: ham (1,325) and spam (475)
    Features        text
    ==============  ==============================================

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, ``data`` and ``target`` are pandas Series. Needs pandas. (A Series and not a
        DataFrame, because text vectorizers iterate over what they are given.)

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : list of str, or Series
            The messages.
        target : ndarray of shape (1800,), dtype int64, or Series
            1 for spam, 0 for ham.
        feature_names : list of str
            ``["text"]``.
        target_names : list of str
            ``["ham", "spam"]``.
        frame : DataFrame of shape (1800, 2)
            Data and target together. None unless `as_frame=True`.
        DESCR : str
            Description, source and licence.
        filename, data_module : str
            The file's name and the package that holds it.

    (data, target) : tuple
        If `return_X_y=True`.

    Raises
    ------
    ImportError
        If `as_frame=True` and pandas is not installed.

    See Also
    --------
    load_flights : Delays of flights, a regression on categorical columns.

    Examples
    --------
    >>> from skl_sparse.datasets import load_spam
    >>> spam = load_spam()
    >>> len(spam.data), spam.target_names
    (1800, ['ham', 'spam'])
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> TfidfVectorizer(min_df=5).fit_transform(spam.data).shape
    (1800, 3293)
    """
    pandas: Any = import_pandas("load_spam") if as_frame else None
    messages = [json.loads(line) for line in read_text("data", "spam.jsonl.gz").split("\n")[:-1]]
    target_names = ["ham", "spam"]
    data = [message["text"] for message in messages]
    target = np.array([target_names.index(m["label"]) for m in messages], dtype=np.int64)

    frame = None
    if as_frame:
        data = pandas.Series(data, name="text")
        target = pandas.Series(target, name="spam")
        frame = pandas.concat([data, target], axis=1)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=["text"],
        target_names=target_names,
        DESCR=read_text("descr", "spam.rst"),
        filename="spam.jsonl.gz",
        data_module=f"{PACKAGE}.data",
    )

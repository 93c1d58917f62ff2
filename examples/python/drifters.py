"""A product that is no HDF5: positions of ocean drifters as CSV, a header line and then time,lon,lat,sst,speed."""

import csv
import io

import numpy as np

from zagg_plugin import Batch, Code, Error, Field, Reader, decoding, serve


class Drifters(Reader):
    """Drifter positions in CSV files."""

    name = "drifters"
    product = "drifters"
    version = "1"
    columns = (Field("sst", np.float32, units="degC"), Field("speed", np.float32, units="m s-1"))

    def __init__(self, delimiter: str = ",", lon: str = "lon", lat: str = "lat") -> None:
        self.delimiter, self.lon, self.lat = delimiter, lon, lat

    def read(self, granule, query):
        with granule.data.open() as file:
            with decoding("the text", granule.id):
                text = io.TextIOWrapper(file, "utf-8", newline="").read()
            if not text.endswith("\n"):
                raise Error(Code.CORRUPT, "the last line is cut: fetch the file again", subject=granule.id)
            with decoding("the table", granule.id):
                header, *rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter)) or [[]]
            names = [self.lon, self.lat, *query.wanted]
            for name in names:
                if name not in header:
                    raise Error(Code.CORRUPT, f"line 1 has no column {name!r}, only {', '.join(header)}", subject=granule.id)
            at = [header.index(n) for n in names]
            values = [[number(row, i, line, granule.id) for i in at] for line, row in enumerate(rows, 2) if row]
        table = np.array(values, np.float64).reshape(-1, len(names))
        dtypes = {c.name: c.dtype for c in self.columns}
        yield Batch("", table[:, 0], table[:, 1], {n: table[:, 2 + i].astype(dtypes.get(n, np.float64)) for i, n in enumerate(query.wanted)})


def number(row, i, line, granule):
    """One field; empty is NaN."""
    try:
        return float(row[i]) if row[i] else np.nan
    except (IndexError, ValueError):
        raise Error(Code.CORRUPT, f"line {line}: no number in field {i + 1}", subject=granule) from None


if __name__ == "__main__":
    serve(Drifters, name="drifters", version="1.0.0")

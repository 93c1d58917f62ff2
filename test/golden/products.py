"""Makes one granule of each of some products, with the datasets that their user guides document: products.py FOLDER"""

import os
import sys

import h5py
import numpy as np

N = 200
FILL = np.float32(3.4028235e38)


def write(group, name, values, **attrs):
    d = group.create_dataset(name, data=values)
    for k, v in attrs.items():
        d.attrs[k] = v


def track(k):
    return 60 + np.arange(N) * 0.001, -45 + 0.01 * k + np.zeros(N)


def gedi(path, what):
    with h5py.File(path, "w") as f:
        for k, beam in enumerate(["BEAM0000", "BEAM0101"]):
            g = f.create_group(beam)
            lat, lon = track(k)
            lat = lat - 20  # GEDI flies below 51.6 degrees
            write(g, "lat_lowestmode", lat)
            write(g, "lon_lowestmode", lon)
            good = (np.arange(N) % 4 != 0).astype("u1")
            write(g, "degrade_flag", np.zeros(N, "u1"))
            if what == "l4a":
                write(g, "l4_quality_flag", good)
                agbd = np.linspace(10, 200, N).astype("f4")
                agbd[1] = -9999
                write(g, "agbd", agbd, _FillValue=np.float32(-9999))
                write(g, "agbd_se", np.full(N, 5, "f4"), _FillValue=np.float32(-9999))
            else:
                write(g, "quality_flag", good)
                write(g, "elev_lowestmode", np.linspace(100, 120, N).astype("f4"))
                write(g, "rh", np.repeat(np.linspace(0, 30, 101, dtype="f4")[None], N, axis=0))


def atl08(path):
    with h5py.File(path, "w") as f:
        for k, beam in enumerate(["gt1l", "gt3r"]):
            g = f.create_group(f"{beam}/land_segments")
            lat, lon = track(k)
            write(g, "latitude", lat.astype("f4"))
            write(g, "longitude", lon.astype("f4"))
            h = np.linspace(5, 9, N).astype("f4")
            h[:10] = FILL
            write(g, "terrain/h_te_best_fit", np.full(N, 700, "f4"), _FillValue=FILL)
            write(g, "canopy/h_canopy", h, _FillValue=FILL)


def atl11(path):
    with h5py.File(path, "w") as f:
        for k, pair in enumerate(["pt1", "pt2", "pt3"]):
            g = f.create_group(pair)
            lat, lon = track(k)
            write(g, "latitude", lat)
            write(g, "longitude", lon)
            h = np.stack([np.full(N, 1500.0), np.full(N, 1499.5)], axis=1)
            h[:20, 1] = FILL
            write(g, "h_corr", h, _FillValue=np.float64(FILL))
            write(g, "h_corr_sigma", np.full((N, 2), 0.1), _FillValue=np.float64(FILL))


def ctd(path):
    """A file of no product: packed coordinates, names with blanks, a quality flag, a dataset that cannot be unpacked, links."""
    n = 500
    with h5py.File(path, "w") as f:
        g = f.create_group("cruise 7/ctd")
        write(g, "Lat", (np.linspace(-60, -59, n) * 1e4).astype("i4"), scale_factor=1e-4, units="degrees_north")
        write(g, "Lon", (np.linspace(10, 11, n) * 1e4).astype("i4"), scale_factor=1e-4)
        t = np.linspace(0, 4, n).astype("f4")
        t[:5] = -999
        write(g, "sea water temp. (C)", t, _FillValue=np.float32(-999), units="degC", long_name="temperature:\n  in: situ")
        write(g, "QC", (np.arange(n) % 4).astype("u1"), flag_values=np.arange(4, dtype="u1"), flag_meanings="bad good probably_good missing")
        write(g, "sealed", np.zeros(n, "f4"), _FillValue="none")
        write(g, "count", np.arange(n))
        write(f, "calibration/plate", np.zeros(7))
        write(f, "name", np.array([b"a"] * n))
        f["link"] = h5py.SoftLink("/nowhere")


def swath(path):
    with h5py.File(path, "w") as f:
        write(f, "lat", np.zeros((4, 5)))
        write(f, "lon", np.zeros((4, 5)))


if __name__ == "__main__":
    folder = sys.argv[1]
    at = lambda name: os.path.join(folder, name)
    gedi(at("GEDI04_A_2019108002012_O01959_01_T03909_02_002_02_V002.h5"), "l4a")
    gedi(at("GEDI02_A_2019108002012_O01959_01_T03909_02_003_01_V002.h5"), "l2a")
    atl08(at("ATL08_20181014001049_02350102_006_02.h5"))
    atl11(at("ATL11_000110_0308_006_01.h5"))
    ctd(at("ctd.h5"))
    swath(at("swath.h5"))

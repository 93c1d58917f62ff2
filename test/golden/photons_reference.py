"""Compares stores of photons with an independent computation by h5py, numpy and healpy: photons_reference.py JOBS.json

JOBS.json is a list of {store, granules, least}: photons of segments with fewer photons than least, and of none where it is above 0, are
left out. Segments are expanded one by one, as their beginnings and counts say. What a store has of the arrays below is compared, cell
by cell on HEALPix, in sum on rectilinear grids, whose cells other tests hold against expected values."""

import json
import sys

import h5py
import healpy
import numpy as np
import zarr

F = 1 / 298.257223563
BEAMS = ["gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"]
FILL = np.float32(3.4028235e38)


def authalic(lat):
    """Geodetic latitude of WGS84 in degrees to authalic latitude in radians (Snyder 1987, eq. 3-11, 3-12)."""
    e2 = F * (2 - F)
    e = np.sqrt(e2)
    q = lambda s: (1 - e2) * (s / (1 - e2 * s * s) + np.arctanh(e * s) / e)
    return np.arcsin(np.clip(q(np.sin(np.radians(lat))) / q(1.0), -1, 1))


def photons(paths, least):
    """Columns of all photons with a place that are no pulses of the transmitter's echo path."""
    parts = []
    for path in paths:
        with h5py.File(path) as f:
            for beam in BEAMS:
                if beam not in f or "heights" not in f[beam] or f[beam]["heights/h_ph"].shape[0] == 0:
                    continue
                g = f[beam]
                n = g["heights/h_ph"].shape[0]
                dem, segment, owned = np.full(n, np.nan), np.full(n, -1, np.int64), np.zeros(n, np.int64)
                heights, ids = g["geophys_corr/dem_h"][:].astype(np.float64), g["geolocation/segment_id"][:]
                heights[heights > 3e38] = np.nan
                begin, count = g["geolocation/ph_index_beg"][:], g["geolocation/segment_ph_cnt"][:]
                for i in range(len(begin)):
                    for k in range(int(count[i])):
                        row = int(begin[i]) - 1 + k
                        dem[row], segment[row], owned[row] = heights[i], ids[i], count[i]
                lat, lon, conf = g["heights/lat_ph"][:], g["heights/lon_ph"][:], g["heights/signal_conf_ph"][:]
                keep = (np.abs(lat) <= 90) & (np.abs(lon) <= 361) & (conf[:, 0] != -2) & (owned >= least)
                h = g["heights/h_ph"][:]
                parts.append([v[keep] for v in (lat, lon, np.where(h == FILL, np.nan, h), dem, segment, conf)])
    return [np.concatenate(c) for c in zip(*parts)]


def word(conf, h, threshold=2):
    """The parts of a cell's signal photons, 8 bits each."""
    most = conf.max(axis=1)
    signal = (most >= threshold) & np.isfinite(h)
    if not signal.any():
        return 0
    lanes = [*(conf[signal] >= threshold).sum(axis=0), *((most[signal] == v).sum() for v in (2, 3, 4))]
    total, out = signal.sum(), 0
    for k, n in enumerate(lanes):
        if n:
            out |= max(int(np.round(255 * n / total)), 1) << (8 * k)
    return out


def check_digest(name, value, h, delta):
    """A digest keeps the contract: weights add up, means ascend, ranks are within 2/delta."""
    d = np.frombuffer(value, "<f4").reshape(-1, 2).astype(float)
    h = np.sort(h[np.isfinite(h)].astype(float))
    assert d[:, 1].sum() == len(h), (name, d[:, 1].sum(), len(h))
    assert (np.diff(d[:, 0]) >= 0).all() and len(d) <= 1.27 * delta + 2, (name, len(d))
    if len(h):
        middle = (np.cumsum(d[:, 1]) - d[:, 1] / 2) / len(h)
        low, high = np.searchsorted(h, d[:, 0] - 1e-3, "left") / len(h), np.searchsorted(h, d[:, 0] + 1e-3, "right") / len(h)
        assert (np.maximum(low - middle, middle - high) <= 2 / delta).all(), (name, np.maximum(low - middle, middle - high).max())


def histogram(h, gain, offset):
    return np.histogram(h[np.isfinite(h)], 128, (offset - 27 * gain, offset + 101 * gain))[0]


def bins(h, dem):
    """What all cells of a chunk share: the width of a bin, and where they begin."""
    h = h[np.isfinite(h)]
    gain = max(0.5, 2.0 ** np.ceil(np.log2(max(1e-6, float(h.max()) - float(h.min())) / 128)))
    return gain, np.floor(np.nanmin(dem))


def healpix(group, order, lat, lon, h, dem, segment, conf):
    ids = group["cell_ids"][:]
    place = {int(c): i for i, c in enumerate(ids)}
    assert len(place) == len(ids), "a cell is there twice"
    cell = healpy.ang2pix(1 << order, np.pi / 2 - authalic(lat), np.radians(lon % 360), nest=True)
    arrays = {n: a[:] for n, a in group.arrays() if a.ndim and n not in ("cell_ids", "morton")}
    settings = json.loads(group.attrs["zagg"])["grid_config"] if isinstance(group.attrs["zagg"], str) else group.attrs["zagg"]["grid_config"]
    chunk = 4 ** (order - settings.get("chunk_inner", settings["parent_order"]))
    assert set(cell) <= set(place), "a cell with photons is not in the store"
    rows = np.argsort(cell, kind="stable")
    edges = np.flatnonzero(np.diff(cell[rows])) + 1
    of_chunk = {c: bins(h[cell // chunk == c], dem[cell // chunk == c]) for c in set(cell // chunk)} if "gain_h" in arrays else {}
    seen = np.zeros(len(ids), bool)
    for r in np.split(rows, edges):
        i, hh = place[int(cell[r[0]])], h[r]
        seen[i] = True
        have = hh[np.isfinite(hh)]
        want = {"count": len(r), "n_heights": len(have), "seg_max": segment[r].max() if (segment[r] >= 0).any() else 0, "n_segments": (segment[r] >= 0).sum()}
        if len(have):
            want |= {"h_min": have.min(), "h_max": have.max(), "h_median": np.median(have)}
        if "gain_h" in arrays:
            want["waveform_counts"] = histogram(hh, *of_chunk[cell[r[0]] // chunk])
        want["composition"] = word(conf[r], hh)
        for name, v in want.items():
            if name in arrays:
                assert np.array_equal(arrays[name][i], np.asarray(v).astype(arrays[name].dtype)), (name, ids[i], arrays[name][i], v)
        for name, v in {"h_mean": have.astype(float), "dem_mean": dem[r][np.isfinite(dem[r])]}.items():
            if name in arrays and len(v):
                assert abs(arrays[name][i] - v.mean()) <= 1e-6 * abs(v.mean()), (name, ids[i], arrays[name][i], v.mean())
        for name, keep, delta in (("h_tdigest", slice(None), 64), ("h_signal", conf[r][:, 0] >= 2, 64), ("h_noise", conf[r][:, 0] < 2, 64)):
            if name in arrays:
                check_digest(name, arrays[name][i], hh[keep], delta if len(hh) > 100 else 1e9)
    for c, (gain, offset) in of_chunk.items():
        k = place[int(c * chunk)] // chunk
        assert arrays["gain_h"][k] == gain and arrays["offset_h"][k] == offset, (c, arrays["gain_h"][k], gain)
    assert not arrays["count"][~seen].any(), "photons in cells without any"
    return seen.sum()


def rectilinear(group, lat, lon, h, dem, segment, conf):
    """In sum, over the rows and columns around the photons."""
    west, north, step = -120, 39, 0.0001
    rows = slice(int((north - lat.max()) / step) - 2, int((north - lat.min()) / step) + 3)
    cols = slice(int((lon.min() - west) / step) - 2, int((lon.max() - west) / step) + 3)
    count = group["count"][rows, cols]
    assert count.sum() == len(h), (count.sum(), len(h))
    if "h_min" in group:
        assert np.nanmin(group["h_min"][rows, cols]) == np.nanmin(h) and np.nanmax(group["h_max"][rows, cols]) == np.nanmax(h)
        assert np.array_equal(np.isfinite(group["h_mean"][rows, cols]), count > 0)
    if "waveform_counts" in group:
        bars = group["waveform_counts"][rows, cols].sum(axis=2)
        assert (bars <= count).all() and bars.sum() > 0.8 * len(h), (bars.sum(), len(h))
    return (count > 0).sum()


if __name__ == "__main__":
    columns = {}
    for job in json.load(open(sys.argv[1])):
        key = json.dumps([job["granules"], job["least"]])
        if key not in columns:
            columns[key] = photons(job["granules"], job["least"])
        root = zarr.open(job["store"], mode="r")
        name = next(iter(root.group_keys()))
        try:
            n = rectilinear(root[name], *columns[key]) if name == "rectilinear" else healpix(root[name], int(name), *columns[key])
        except AssertionError as e:
            raise AssertionError(job["store"], *e.args) from e
        assert n > 1, job["store"]
        print(f"{n} cells")

"""Covers polygons and locates points with mortie, healpy and cdshealpix."""

import json
import os
import warnings

import astropy.units as u
import healpy
import mortie
import numpy as np
from astropy.coordinates import Latitude, Longitude
from cdshealpix.nested import lonlat_to_healpix

warnings.simplefilter("ignore")
NSIDE = 4096
CELLS = NSIDE * NSIDE


def rings(path):
    with open(path, "rb") as f:
        counts = json.loads(f.readline())
        lonlat = np.frombuffer(f.read(), "<f8").reshape(-1, 2)
    ends = np.cumsum(counts)
    lats, lons = np.ascontiguousarray(lonlat[:, 1]), np.ascontiguousarray(lonlat[:, 0])
    return lats, lons, np.concatenate([[0], ends]).astype(np.int64)


def flat(path, order):
    lats, lons, offsets = rings(path)

    def work():
        return sum(len(mortie.morton_coverage(lats[a:b], lons[a:b], order=order)) for a, b in zip(offsets[:-1], offsets[1:]))

    return work


def moc(path, order):
    lats, lons, offsets = rings(path)
    return lambda: len(mortie.polygons_to_morton_mocs(lats, lons, offsets, order=order)[0])


def union(path, order):
    lats, lons, offsets = rings(path)
    spans = list(zip(offsets[:-1], offsets[1:]))
    lats, lons = [lats[a:b] for a, b in spans], [lons[a:b] for a, b in spans]
    return lambda: len(mortie.morton_coverage(lats, lons, order=order))


def points(path):
    both = np.fromfile(path, "<f8").reshape(2, -1)
    return both[0], both[1]


def use_healpy(path):
    lon, lat = points(path)
    return lambda: int(healpy.ang2pix(NSIDE, lon, lat, nest=True, lonlat=True).sum())


def use_cdshealpix(path):
    lon, lat = points(path)
    lon, lat = Longitude(lon * u.deg), Latitude(lat * u.deg)
    return lambda: int(lonlat_to_healpix(lon, lat, 12, num_threads=int(os.environ["RAYON_NUM_THREADS"])).astype(np.int64).sum())


def use_mortie(path):
    lon, lat = points(path)

    def work():
        words = mortie.geo2mort(lat, lon, order=12)
        # The nested ids within base cell 0 are the bits of the orders 1 to 12.
        return int(((words >> np.uint64(36)) & np.uint64(CELLS - 1)).astype(np.int64).sum())

    return work


PEERS = {
    "mortie-6": lambda p: flat(p, 6),
    "mortie-12": lambda p: flat(p, 12),
    "mortie-moc-6": lambda p: moc(p, 6),
    "mortie-moc-12": lambda p: moc(p, 12),
    "mortie-union-6": lambda p: union(p, 6),
    "healpy-12": use_healpy,
    "cdshealpix-12": use_cdshealpix,
    "mortie-points-12": use_mortie,
}

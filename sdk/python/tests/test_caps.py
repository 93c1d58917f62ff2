import numpy as np
import pytest

from zagg_plugin import Region
from zagg_plugin.caps import meets, vectors


def around(lon, lat, radius, n, rng):
    """A ring of n vertices around a point, radius in degrees."""
    c = vectors(lon, lat)
    u = np.cross(c, [0.3, 0.4, 0.5])
    u /= np.linalg.norm(u)
    v = np.cross(c, u)
    t = np.sort(rng.random(n)) * 2 * np.pi
    r = np.radians(radius * (0.5 + 0.5 * rng.random(n)))
    p = c * np.cos(r)[:, None] + (u * np.cos(t)[:, None] + v * np.sin(t)[:, None]) * np.sin(r)[:, None]
    return np.stack([np.degrees(np.arctan2(p[:, 1], p[:, 0])), np.degrees(np.arcsin(np.clip(p[:, 2], -1, 1)))], axis=1), c


@pytest.mark.parametrize("place", [(0, 0), (180, 10), (-179.9, -60), (30, 90), (12, -90), (100, 88)])
@pytest.mark.parametrize("oriented", [False, True])
@pytest.mark.parametrize("clockwise", [False, True])
def test_centre_of_stars(place, oriented, clockwise):
    rng = np.random.default_rng(1)
    ring, c = around(*place, 20, 40, rng)
    region = Region(((ring[::-1] if clockwise else ring,),), oriented=oriented)
    lon, lat = np.array([place[0], place[0] + 180.0]), np.array([place[1], -place[1]], float)
    inside, opposite = meets(region, lon, lat, np.full(2, 0.01))
    turned = oriented and clockwise
    assert inside != turned and opposite == turned


def test_smaller_side_of_random_points():
    rng = np.random.default_rng(2)
    ring, c = around(77, -81, 25, 60, rng)
    p = rng.normal(size=(4000, 3))
    p /= np.linalg.norm(p, axis=1)[:, None]
    lon, lat = np.degrees(np.arctan2(p[:, 1], p[:, 0])), np.degrees(np.arcsin(p[:, 2]))
    got = meets(Region(((ring,),)), lon, lat, np.zeros(4000))
    away = np.degrees(np.arccos(np.clip(p @ c, -1, 1)))
    assert got[away < 10].all() and not got[away > 26].any()
    assert meets(Region(((ring,),), margin=3e6), lon, lat, np.zeros(4000))[away < 12 + 26].all()


def test_hole():
    outer, inner = np.array([[0, 0], [40, 0], [40, 40], [0, 40]]), np.array([[10, 10], [30, 10], [30, 30], [10, 30]])
    lon, lat = np.array([5.0, 20, 50]), np.array([20.0, 20, 20])
    for planar in (False, True):
        assert list(meets(Region(((outer, inner),), planar=planar), lon, lat, np.full(3, 0.1))) == [True, False, False]
    assert list(meets(Region(((outer, inner[::-1]),), oriented=True), lon, lat, np.full(3, 0.1))) == [True, False, False]


def test_planar_box_of_all_longitudes():
    box = np.array([[-180, 60], [180, 60], [180, 90], [-180, 90]])
    got = meets(Region(((box,),), planar=True), np.array([0.0, 170, -175, 0]), np.array([75.0, 89, 61, 50]), np.full(4, 0.5))
    assert list(got) == [True, True, True, False]


def test_track_and_point():
    track = Region(((np.array([[0, -10], [2, 10]]),),), margin=10_000)
    assert list(meets(track, np.array([1.0, 1.3, 3]), np.zeros(3), np.full(3, 0.2))) == [True, False, False]
    point = Region(((np.array([[10.0, 10.0]]),),))
    assert list(meets(point, np.array([10.0, 11]), np.array([10.0, 10]), np.full(2, 0.5))) == [True, False]
    assert list(meets(Region(), np.zeros(1), np.zeros(1), np.ones(1))) == [False]

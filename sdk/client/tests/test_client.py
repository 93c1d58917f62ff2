"""The package over the program that $ZAGG names."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zagg
from zagg._granules import addresses

SAMPLE = Path(__file__).parents[3] / "cmd" / "zagg" / "cli" / "sample"
CONFIG = {
    "data_source": {"reader": "atl06", "variables": {"h_li": "/{group}/land_ice_segments/h_li"}},
    "aggregation": {"variables": {"h_mean": {"function": "mean", "source": "h_li"},
                                  "count": {"function": "len", "source": "h_li", "dtype": "int32", "fill_value": 0}}},
    "output": {"grid": {"type": "healpix", "child_order": 10, "parent_order": 6, "layout": "compact"}},
}


def with_layout(layout: str) -> dict:
    return {**CONFIG, "output": {"grid": {**CONFIG["output"]["grid"], "layout": layout}}}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "heights.zarr"
    lines: list[str] = []
    ds = zagg.run(CONFIG, sorted(SAMPLE.glob("*.h5")), path, progress=lines.append)
    assert any("granules" in line for line in lines)
    return path, ds


def test_run_gives_a_lazy_decoded_dataset(store):
    path, ds = store
    assert ds.dggs.grid_info.level == 10
    assert int(ds["count"].sum()) == 44759
    assert not ds["h_mean"].variable._in_memory
    again = zagg.run(CONFIG, str(SAMPLE / "*.h5"), path, progress=False)  # nothing is computed again
    np.testing.assert_array_equal(again["h_mean"], ds["h_mean"])
    assert zagg.open(path, decode=False)["h_mean"].attrs["grid_mapping"] == "crs"


def test_whole_sphere(store, tmp_path):
    _, compact = store
    ds = zagg.run(with_layout("fullsphere"), SAMPLE, tmp_path / "full.zarr", progress=False)
    assert ds.sizes["cells"] == compact.sizes["cells"] and int(ds["count"].sum()) == 44759


RECTILINEAR = {"type": "rectilinear", "crs": "EPSG:3031", "resolution": 2000, "bounds": [0, -1280000, 640000, -640000], "chunk_shape": [64, 64]}


@pytest.mark.parametrize("grid", [CONFIG["output"]["grid"], {**CONFIG["output"]["grid"], "layout": "fullsphere"}, RECTILINEAR],
                         ids=["compact", "fullsphere", "rectilinear"])
def test_windows(grid, tmp_path):
    """A run with windows gives a decoded time, which a later run extends; cells in any window are there."""
    config = {**CONFIG, "output": {"windowing": "daily", "grid": grid}}
    path = tmp_path / "days.zarr"
    granules = sorted(SAMPLE.glob("*.h5"))
    if grid.get("layout") == "compact":  # has the shards of its first run
        ds = zagg.run(config, granules, path, progress=False)
    else:
        ds = zagg.run(config, granules[:3], path, progress=False)
        assert list(ds["time"].values.astype("datetime64[D]").astype(str)) == [f"2024-11-0{d}" for d in range(1, 6)]
        ds = zagg.run(config, granules[3:], path, progress=False, start="2024-11-06")
    assert ds["time"].dtype.kind == "M" and ds.sizes["time"] == 19 and ds["h_mean"].dims[0] == "time"
    assert not ds["h_mean"].variable._in_memory
    days = ds["count"].sum([d for d in ds["count"].dims if d != "time"])
    assert int(days.sum()) == 44759 and int(days.sel(time="2024-11-02").sum()) == 0 and int(days.sel(time="2024-11-19").sum()) > 4000
    assert (days > 0).values.tolist() == [True, False] * 9 + [True]


def test_agg(tmp_path):
    said = zagg.agg(CONFIG, granules=SAMPLE, store=tmp_path / "a.zarr", max_workers=1)
    assert (said["total_cells"], said["cells_error"], said["cells_current"]) == (said["cells_with_data"], 0, 0)
    assert said["total_obs"] == 45221 and said["backend"] == "local"
    assert zagg.agg(CONFIG, granules=SAMPLE, store=tmp_path / "a.zarr")["cells_current"] == said["total_cells"]
    assert int(zagg.open(said["store_path"])["count"].sum()) == 44759


def test_plot(store, tmp_path):
    path, _ = store
    assert zagg.plot(path, "h_mean")._repr_png_().startswith(b"\x89PNG")
    assert zagg.plot(path, "h_mean", tmp_path / "map.svg", title="Heights").read_text().count("Heights") >= 1


def test_errors_name_file_and_line(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text((f"data_source:\n  reader: atl06\n  varables: {{}}\naggregation: {CONFIG['aggregation']}\noutput: {CONFIG['output']}\n"))
    with pytest.raises(zagg.ZaggError) as caught:
        zagg.run(bad, SAMPLE, tmp_path / "x.zarr", progress=False)
    assert (caught.value.code, caught.value.file, caught.value.line) == (1, str(bad), 3), caught.value
    with pytest.raises(zagg.ZaggError) as caught:
        zagg.run(CONFIG, SAMPLE, tmp_path / "x.zarr", progress=False, no_such_flag=True)
    assert caught.value.code == 2 and caught.value.file is None
    with pytest.raises(ValueError):
        zagg.run(CONFIG, SAMPLE, "")
    with pytest.raises(ValueError):
        zagg.run(CONFIG, store="x.zarr")
    assert not (tmp_path / "x.zarr").exists()


def test_flags_of_an_area_and_a_time():
    from datetime import date

    from zagg._commands import flags
    assert flags({"bbox": (-50, 68, -47, 70.5), "start": date(2019, 3, 1), "keep": True, "region": None}) == ["--bbox=-50,68,-47,70.5", "--start=2019-03-01", "--keep"]


def test_interrupt_stops_the_program(tmp_path):
    """^C comes as KeyboardInterrupt, after the program has ended; what it told before is no error."""
    waiting = tmp_path / "slow.py"
    waiting.write_text("#!" + sys.executable + "\nimport signal, sys, time\n"
                       "def stop(*_):\n    open(sys.argv[0] + '.stopped', 'a').write('once ')\n    sys.exit(130)\n"
                       "signal.signal(signal.SIGINT, stop)\nprint('started', file=sys.stderr, flush=True)\ntime.sleep(60)\n")
    waiting.chmod(0o755)
    code = ("import os, signal, zagg\n"
            "try:\n    zagg.agg('atl06', store='x', on_progress=lambda line: os.kill(os.getpid(), signal.SIGINT))\n"
            "except KeyboardInterrupt:\n    print('interrupted')\n")
    env = {**os.environ, "ZAGG": str(waiting), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=50)
    assert done.stdout == "interrupted\n", done.stderr
    assert Path(str(waiting) + ".stopped").read_text() == "once "


def test_granules():
    class Earthaccess(dict):
        def data_links(self):
            return ["https://example.org/a.xml", "https://example.org/a.h5"]

    class Item:
        def to_dict(self):
            return {"type": "Feature", "assets": {"meta": {"href": "s3://b/a.json"}, "data": {"href": "s3://b/a.h5", "roles": ["data"]}}}

    umm = {"umm": {"RelatedUrls": [{"URL": "https://example.org/a.png", "Type": "GET RELATED VISUALIZATION"}, {"URL": "https://example.org/b.h5", "Type": "GET DATA"}]}}
    assert addresses("a/*.h5") == ["a/*.h5"] and addresses(Path("a.h5")) == ["a.h5"]
    assert addresses([Earthaccess(), Item(), Item().to_dict(), umm, Path("c.h5")]) == ["https://example.org/a.h5", "s3://b/a.h5", "s3://b/a.h5", "https://example.org/b.h5", "c.h5"]
    assert addresses(Item()) == addresses({"type": "FeatureCollection", "features": [Item().to_dict()]}) == ["s3://b/a.h5"]
    for bad in ([], [1], [{"assets": {"x": {"href": "a.png"}}}]):
        with pytest.raises((TypeError, ValueError)):
            addresses(bad)


def test_cost(tmp_path):
    shardmap = tmp_path / "map.json"
    with pytest.raises(zagg.ZaggError) as caught:
        zagg.cost(shardmap)
    assert str(shardmap) in str(caught.value)

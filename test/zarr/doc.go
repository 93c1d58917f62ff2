// Package zarr compares internal/zarr with zarr-python: each reads what the other wrote. The tests need
// ZAGG_PYTHON, an interpreter with the packages of test/requirements.txt, and are skipped without it.
package zarr

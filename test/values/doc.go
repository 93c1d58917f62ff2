// Package values holds what core/h5/cf makes of stored numbers against xarray. The test needs ZAGG_PYTHON, an interpreter
// with the packages of test/requirements.txt, and is skipped without it.
package values

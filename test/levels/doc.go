// Package levels reads files that h5py wrote with core/h5/levels. The test needs ZAGG_PYTHON, an interpreter with the
// packages of test/requirements.txt, and is skipped without it.
package levels

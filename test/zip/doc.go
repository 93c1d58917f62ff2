// Package zip holds patched archives against a rewrite by Python's zipfile and against Info-ZIP, patches archives on a
// real S3 server, and runs the function and `zagg quickdeploy`. The tests need ZAGG_PYTHON and, for S3, ZAGG_VERSITYGW.
package zip

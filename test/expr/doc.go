// Package expr compares the expression evaluator and the reductions with numpy. The tests need the environment
// variable ZAGG_PYTHON, an interpreter with the packages of test/requirements.txt, and are skipped without it.
package expr

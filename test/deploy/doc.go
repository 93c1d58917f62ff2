// Package deploy tests what `zagg deploy` makes of an account: the template by cfn-lint, the role's policies action by
// action, and the commands against moto. The latter need ZAGG_PYTHON, an interpreter with the packages of
// test/requirements.txt, and are skipped without it.
package deploy

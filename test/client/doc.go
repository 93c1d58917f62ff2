// Package client makes the wheel of the Python package and uses it as one who installed it.
package client

// Package hsds keeps domains in HSDS's own storage with the real clients, both ways: h5pyd makes and changes domains through
// zagg, which HSDS then reads, and zagg reads what HSDS made.
package hsds

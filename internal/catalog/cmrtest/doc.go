// Package cmrtest simulates, for tests, what a catalog is made from: CMR's collection and granule search, STAC APIs that
// page by GET and by POST, Earthdata Login, and an archive's credentials service. The servers page, throttle, truncate,
// stall, fail and let tokens expire as they are told to, check what they are asked as the real ones do, and note what
// was sent where.
//
// Its tests are those of the clients that it serves, beside it.
package cmrtest

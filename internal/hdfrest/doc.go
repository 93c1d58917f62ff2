// Package hdfrest speaks the HDF REST API, as h5pyd and other clients of HSDS know it, over domains of any kind: it knows
// requests, answers and the grammar of selections, and neither HDF5 files nor S3. Domains come from a Store; what holds
// them (HDF5 files, package h5files) is a Store of its own, and several can be put behind each other.
//
// Values travel in one form, the API's binary one ("wire"): elements in C order and packed, numbers in the byte order that
// their type says, strings and sequences of variable length as their bytes after their count (4 bytes, little-endian),
// object references as the 48-byte text "datasets/<id>". A Store gives values in this form with a Type to read them by;
// JSON is made of it here.
//
// The service is read only: a request that would change a domain is 403.
//
// Source: the observed behaviour of HSDS 0.9.4, whose defects are not copied.
package hdfrest

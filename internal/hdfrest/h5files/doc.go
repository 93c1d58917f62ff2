// Package h5files serves HDF5 files, as they lie in buckets or under a folder, as domains of package hdfrest: the object is
// the domain, its key the name. Nothing is converted or stored; a request reads the byte ranges it needs.
//
// An id is made of the bucket, the key, the ETag and the address of the object's header, so that it is the same in every
// process, and of another version of the file another. All reads of a domain are on the condition that the object still has
// its ETag.
package h5files

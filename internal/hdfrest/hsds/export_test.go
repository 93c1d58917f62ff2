package hsds

// For tests in hsds_test.
var HashedKey = hashed

package inflate

// Adler32 is for tests of another package.
var Adler32 = adler32

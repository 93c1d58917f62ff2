//go:build !unix

package plugins

import "io/fs"

// writers is not known of systems without permission bits.
func writers(fs.FileInfo) string { return "" }

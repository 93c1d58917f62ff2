package zarr

import "strings"

// Join joins parts of an object's address by single slashes.
func Join(parts ...string) string {
	s := strings.TrimRight(parts[0], "/")
	for _, part := range parts[1:] {
		s += "/" + strings.Trim(part, "/")
	}
	return s
}

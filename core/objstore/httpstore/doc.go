// Package httpstore reads objects over HTTPS and HTTP, by ranged GETs sent side by side. It is for archives that give
// out granules at web addresses (NASA's Earthdata among them) and cannot write.
package httpstore

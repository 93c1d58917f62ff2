// Package tutorial runs the commands of docs/writing-a-plugin.md.
package tutorial

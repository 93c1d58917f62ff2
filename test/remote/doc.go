// Package remote holds plugins in processes of their own against the same plugins linked in: same bytes, same errors, and no harm when
// they die, hang or lie.
package remote

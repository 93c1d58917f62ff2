package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// Identify finds what granules are known by and sets their IDs. It is the one place where that is decided; plans, records,
// indexes, receipts and messages take the ID. A granule whose reader knows the product's names is known by its bare name,
// wherever it is kept. Any other is known by its address: two files of one name in two folders are two granules.
func Identify(ctx context.Context, r core.ProductReader, granules []core.Granule) ([]core.Identity, error) {
	names := make([]string, len(granules))
	for i := range granules {
		names[i] = BareName(granules[i].URL())
	}
	ids, err := IdentifyNames(ctx, r, names)
	if err != nil {
		return nil, err
	}
	for i := range granules {
		if granules[i].ID = names[i]; !ids[i].Known() {
			granules[i].ID = PlainAddress(granules[i].URL())
		}
	}
	return ids, nil
}

// IdentifyNames is what a reader knows by bare names of files; unknown, where it does not know names.
func IdentifyNames(ctx context.Context, r core.ProductReader, names []string) ([]core.Identity, error) {
	reader, ok := r.(core.Identifier)
	if !ok || len(names) == 0 {
		return make([]core.Identity, len(names)), nil
	}
	ids, err := reader.Identify(ctx, names)
	if err == nil && len(ids) != len(names) {
		err = core.Errorf(core.Internal, "identify", "", "the reader gives %d identities for %d names", len(ids), len(names))
	}
	return ids, err
}

// PlainAddress is an address in one spelling and without what may be a credential: paths are absolute, URLs have neither
// user nor query. Queries tell files apart on some servers, so that what does not sign a request goes in as a hash.
func PlainAddress(address string) string {
	if path, isFile := strings.CutPrefix(address, "file://"); isFile || !strings.Contains(address, "://") {
		if abs, err := filepath.Abs(path); err == nil {
			return filepath.ToSlash(abs)
		}
		return path
	}
	if scheme, _, _ := strings.Cut(address, "://"); strings.EqualFold(scheme, "s3") {
		return address // what stands there is the key
	}
	if !isHTTP(address) {
		return core.Address(address).String()
	}
	u, err := url.Parse(address)
	if err != nil {
		return core.Address(address).String()
	}
	query := u.Query()
	for name := range query {
		if signs(name) {
			delete(query, name)
		}
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	plain := core.Address(u.String()).String()
	if len(query) == 0 {
		return plain
	}
	sum := sha256.Sum256([]byte(query.Encode()))
	return plain + "#" + hex.EncodeToString(sum[:6])
}

func isHTTP(address string) bool {
	scheme, _, ok := strings.Cut(address, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// signs reports whether a query's parameter is part of a signature, which is another each time.
func signs(parameter string) bool {
	p := strings.ToLower(parameter)
	return strings.HasPrefix(p, "x-amz-") || slices.Contains([]string{"signature", "expires", "key-pair-id", "policy", "awsaccesskeyid", "token", "access_token", "a-userid"}, p)
}

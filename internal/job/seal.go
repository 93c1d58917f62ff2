package job

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/secret"
)

// SealedGranules is the list for the object at GranulesURL, which stays beside the store: where addresses in it are signed or have a
// user, only who has the event can read it. key is what opens it, for GranulesKey; "": the list has no secrets, and is plain JSON.
func (j *Job) SealedGranules() (list []byte, key secret.Text, err error) {
	if list, err = EncodeJSON(j.Granules); err != nil || !j.signed() {
		return list, "", err
	}
	k := make([]byte, 32)
	rand.Read(k)
	c, err := sealer(k)
	if err != nil {
		return nil, "", err
	}
	return c.Seal(nil, nil, list, nil), secret.Text(base64.StdEncoding.EncodeToString(k)), nil
}

// signed reports that an address of a granule or of a sibling has what must not be seen.
func (j *Job) signed() bool {
	for _, g := range j.Granules {
		for _, a := range g.Assets {
			if core.Address(a).Secret() {
				return true
			}
		}
	}
	return false
}

// unseal opens a list that came with a key.
func (j *Job) unseal(list []byte) ([]byte, error) {
	if j.GranulesKey == "" {
		return list, nil
	}
	k, err := base64.StdEncoding.DecodeString(j.GranulesKey.Reveal())
	if err != nil {
		return nil, core.Errorf(core.Invalid, "job", "granules_key", "want base64")
	}
	c, err := sealer(k)
	if err != nil {
		return nil, err
	}
	plain, err := c.Open(nil, nil, list, nil)
	if err != nil {
		return nil, core.Errorf(core.Corrupt, "job", j.GranulesURL, "granules_key does not open it")
	}
	return plain, nil
}

// sealer is AES-GCM with random nonces, which it puts before what it seals.
func sealer(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "job", "granules_key", "%w", err)
	}
	c, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, core.Errorf(core.Internal, "job", "granules_key", "%w", err)
	}
	return c, nil
}

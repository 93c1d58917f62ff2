package job

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/secret"
)

const redacted = "[redacted]"

// Credentials are keys to a store, for reading or for output.
type Credentials struct {
	AccessKeyID     secret.Text `json:"accessKeyId,omitempty"`
	SecretAccessKey secret.Text `json:"secretAccessKey,omitempty"`
	SessionToken    secret.Text `json:"sessionToken,omitempty"`
	EDLToken        secret.Text `json:"edl_token,omitempty"` // Earthdata Login bearer token, for https
	EndpointURL     string      `json:"endpointUrl,omitempty"`
	Region          string      `json:"region,omitempty"`
	Expiration      string      `json:"expiration,omitempty"` // RFC 3339; "" if not known
}

var _ json.Unmarshaler = (*Credentials)(nil)

// UnmarshalJSON reads camelCase, snake_case and PascalCase keys, as AWS tools and NASA's endpoints write them. Errors
// name keys that are known, and nothing else: a secret may stand where a key should.
func (c *Credentials) UnmarshalJSON(data []byte) error {
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil {
		return core.Errorf(core.Invalid, "", "credentials", "expected a JSON object of strings")
	}
	*c = Credentials{}
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	seen := map[string]string{}
	for _, name := range names {
		canonical := strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
		if other, ok := seen[canonical]; ok {
			return core.Errorf(core.Invalid, "", "credentials", "%s and %s are the same key", other, name)
		}
		seen[canonical] = name
		if err := c.set(canonical, name, members[name]); err != nil {
			return err
		}
	}
	return nil
}

// ParseCredentials reads a file of keys. They may also be the member Credentials or credentials of an object, as tools
// of AWS print them. Errors name keys, never values.
func ParseCredentials(data []byte) (*Credentials, error) {
	var around map[string]json.RawMessage
	if err := json.Unmarshal(data, &around); err != nil {
		return nil, core.Errorf(core.Invalid, "", "credentials", "expected a JSON object of strings")
	}
	for _, name := range []string{"Credentials", "credentials"} {
		if inner, ok := around[name]; ok && len(around) <= 3 {
			data = inner
		}
	}
	var c Credentials
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") || c.AccessKeyID == "" && c.EDLToken == "" {
		return nil, core.Errorf(core.Invalid, "", "credentials", "want accessKeyId and secretAccessKey, or edl_token")
	}
	return &c, nil
}

func (c *Credentials) set(canonical, name string, value any) error {
	text, isString := value.(string)
	field := map[string]*string{
		"accesskeyid": (*string)(&c.AccessKeyID), "secretaccesskey": (*string)(&c.SecretAccessKey),
		"sessiontoken": (*string)(&c.SessionToken), "edltoken": (*string)(&c.EDLToken),
		"endpointurl": &c.EndpointURL, "region": &c.Region, "expiration": &c.Expiration,
	}[canonical]
	switch {
	case canonical == "version" || value == nil:
		return nil
	case field == nil:
		return core.Errorf(core.Invalid, "", "credentials", "there is a key that is not known; have accessKeyId, secretAccessKey, sessionToken, edl_token, endpointUrl, region, expiration")
	case !isString:
		return core.Errorf(core.Invalid, "", "credentials", "%s is not a string", name)
	}
	*field = text
	return nil
}

// String tells where the credentials are for, and nothing else.
func (c Credentials) String() string {
	return strings.TrimSpace(redacted + " " + c.EndpointURL + " " + c.Region)
}

// LogValue is String.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// revealed are credentials whose JSON has the texts.
type revealed struct {
	AccessKeyID     string `json:"accessKeyId,omitempty"`
	SecretAccessKey string `json:"secretAccessKey,omitempty"`
	SessionToken    string `json:"sessionToken,omitempty"`
	EDLToken        string `json:"edl_token,omitempty"`
	EndpointURL     string `json:"endpointUrl,omitempty"`
	Region          string `json:"region,omitempty"`
	Expiration      string `json:"expiration,omitempty"`
}

func (c *Credentials) reveal() *revealed {
	if c == nil {
		return nil
	}
	return &revealed{c.AccessKeyID.Reveal(), c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), c.EDLToken.Reveal(),
		c.EndpointURL, c.Region, c.Expiration}
}

package helm

import (
	"crypto/sha1" //nolint:gosec // what templates ask for, of no meaning here
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/adler32"
	"strconv"
	"strings"
	"text/template"
	"time"
)

const (
	// maxNumbers is how many numbers a template may make at once, maxText how many
	// bytes.
	maxNumbers = 1 << 20
	maxText    = 64 << 20
)

// functions are what templates get instead of Helm's: what makes much of little
// is bounded, what is random is the same in every run, and digests are those
// of the text without the marks that find its lines.
func (r *rendering) functions() template.FuncMap {
	all := template.FuncMap{"now": func() time.Time { return r.Now }}
	for _, some := range []template.FuncMap{r.bounded(), constant(), unmarked()} {
		for name, f := range some {
			all[name] = f
		}
	}
	return all
}

// bounded are the functions whose result can be much larger than what they get.
func (r *rendering) bounded() template.FuncMap {
	indent := func(spaces int, text string) (string, error) {
		if lines := strings.Count(text, "\n") + 1; spaces > maxText/lines {
			spaces = maxText + 1
		}
		if err := r.enough(spaces, maxText, "bytes"); err != nil {
			return "", err
		}
		pad := strings.Repeat(" ", max(spaces, 0))
		return pad + strings.ReplaceAll(text, "\n", "\n"+pad), nil
	}
	return template.FuncMap{
		"indent": indent,
		"nindent": func(spaces int, text string) (string, error) {
			text, err := indent(spaces, text)
			return "\n" + text, err
		},
		"repeat": func(count int, text string) (string, error) {
			if len(text) > 0 && count > maxText/len(text) {
				count, text = maxText+1, "x"
			}
			if err := r.enough(count*len(text), maxText, "bytes"); err != nil {
				return "", err
			}
			return strings.Repeat(text, max(count, 0)), nil
		},
		"until": func(count int) ([]int, error) {
			step := 1
			if count < 0 {
				step = -1
			}
			return r.numbers(0, count, step)
		},
		"untilStep": r.numbers,
		"seq":       r.seq,
	}
}

// enough says that a template wants too much, or that nobody waits for it any
// more.
func (r *rendering) enough(n, limit int, what string) error {
	if n > limit {
		return fmt.Errorf("it asks for more than %d %s at once", limit, what)
	}
	return r.ctx.Err()
}

// numbers are those from start until stop, which is not among them.
func (r *rendering) numbers(start, stop, step int) ([]int, error) {
	all := []int{}
	if step == 0 || start < stop && step < 0 || start > stop && step > 0 {
		return all, nil
	}
	if err := r.enough((stop-start)/step, maxNumbers, "numbers"); err != nil {
		return nil, err
	}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		all = append(all, i)
	}
	return all, nil
}

// seq is as the shell's: until a last number, from a first one, by a step.
func (r *rendering) seq(params ...int) (string, error) {
	var last int
	start, step := 1, 1
	switch len(params) {
	case 1:
		last = params[0]
	case 2:
		start, last = params[0], params[1]
	case 3:
		start, step, last = params[0], params[1], params[2]
		if last < start && step > 0 {
			return "", nil
		}
	default:
		return "", nil
	}
	if len(params) < 3 && last < start {
		step = -1
	}
	stop := last + 1
	if last < start {
		stop = last - 1
	}
	all, err := r.numbers(start, stop, step)
	words := make([]string, len(all))
	for i, n := range all {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, " "), err
}

// certificate is what Helm makes, for templates to look into.
type certificate struct{ Cert, Key string }

// constant are the functions whose results are random, or take long to make. What
// they make is never judged.
func constant() template.FuncMap {
	letters := func(letter string) func(int) (string, error) {
		return func(n int) (string, error) {
			if n > maxNumbers {
				return "", fmt.Errorf("it asks for more than %d characters", maxNumbers)
			}
			return strings.Repeat(letter, max(n, 0)), nil
		}
	}
	made := certificate{Cert: pem("CERTIFICATE"), Key: pem("RSA PRIVATE KEY")}
	some := func(...any) (certificate, error) { return made, nil }
	all := template.FuncMap{
		"randAlphaNum": letters("a"), "randAlpha": letters("a"), "randAscii": letters("a"), "randNumeric": letters("1"),
		"randBytes": func(n int) (string, error) {
			text, err := letters("a")(n)
			return base64.StdEncoding.EncodeToString([]byte(text)), err
		},
		"randInt":       func(low, _ int) int { return low },
		"shuffle":       func(s string) string { return s },
		"uuidv4":        func() string { return "00000000-0000-4000-8000-000000000000" },
		"genPrivateKey": func(string) string { return made.Key },
		"bcrypt":        func(string) string { return "$2a$10$" + strings.Repeat("a", 53) },
		"htpasswd":      func(user, _ string) string { return user + ":$2a$10$" + strings.Repeat("a", 53) },
		"encryptAES":    func(string, string) (string, error) { return strings.Repeat("a", 64), nil },
		"buildCustomCert": func(cert, key string) (certificate, error) {
			c, cerr := base64.StdEncoding.DecodeString(cert)
			k, kerr := base64.StdEncoding.DecodeString(key)
			return certificate{string(c), string(k)}, errors.Join(cerr, kerr)
		},
	}
	for _, name := range []string{
		"genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey",
	} {
		all[name] = some
	}
	return all
}

func pem(kind string) string {
	return "-----BEGIN " + kind + "-----\n" + strings.Repeat("a", 64) + "\n-----END " + kind + "-----\n"
}

// unmarked are the digests. Charts put those of other templates into annotations.
func unmarked() template.FuncMap {
	return template.FuncMap{
		"sha1sum": func(s string) string {
			sum := sha1.Sum([]byte(unmark(s))) //nolint:gosec // the template asks for it
			return hex.EncodeToString(sum[:])
		},
		"sha256sum": func(s string) string {
			sum := sha256.Sum256([]byte(unmark(s)))
			return hex.EncodeToString(sum[:])
		},
		"sha512sum": func(s string) string {
			sum := sha512.Sum512([]byte(unmark(s)))
			return hex.EncodeToString(sum[:])
		},
		"adler32sum": func(s string) string { return strconv.FormatUint(uint64(adler32.Checksum([]byte(unmark(s)))), 10) },
	}
}

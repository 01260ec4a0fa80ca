package browser

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/chromedp/chromedp"
)

// The package that carries the browser, and the digest of it.
const (
	packageName = "@sparticuz/chromium"
	version     = "153.0.0"
	digest      = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
)

// Start returns a context in which chromedp has a browser, and a function that
// ends it. The browser is the one that is installed (GABION_BROWSER names another
// one), or else one is put into the user's cache, once.
func Start(ctx context.Context, profile string) (context.Context, context.CancelFunc, error) {
	program, libraries, err := find(ctx)
	if err != nil {
		return nil, nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.UserDataDir(profile), chromedp.NoSandbox, // the page is ours
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("no-zygote", true),
		chromedp.DisableGPU, chromedp.Flag("disable-software-rasterizer", true),
	)
	if libraries != "" {
		options = append(options, chromedp.Env("LD_LIBRARY_PATH="+libraries))
	}
	ctx, stopProgram := chromedp.NewExecAllocator(ctx, options...)
	ctx, stop := chromedp.NewContext(ctx)
	end := func() { stop(); stopProgram() }
	if err := chromedp.Run(ctx); err != nil {
		end()
		return nil, nil, fmt.Errorf("starting %s: %w", program, err)
	}
	return ctx, end, nil
}

// find returns a browser and where its libraries are, if it brings them along.
func find(ctx context.Context) (program, libraries string, err error) {
	if program = os.Getenv("GABION_BROWSER"); program != "" {
		return program, "", nil
	}
	for _, name := range []string{"google-chrome", "chromium", "chromium-browser", "chromium-headless-shell", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, "", nil
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", "", err
	}
	dir := filepath.Join(cache, "gabion", "chromium-"+version)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := install(ctx, dir); err != nil {
			return "", "", fmt.Errorf("no browser is installed (chromium, google-chrome), and npm could not provide one: %w", err)
		}
	}
	return filepath.Join(dir, "chromium"), filepath.Join(dir, "lib"), nil
}

// install puts the browser into a directory. It is there whole, or not at all.
func install(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	unfinished, err := os.MkdirTemp(filepath.Dir(dir), "chromium-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(unfinished) }()
	pack := exec.CommandContext(ctx, "npm", "pack", "--silent", packageName+"@"+version)
	pack.Dir = unfinished
	out, err := pack.Output()
	if err != nil {
		return fmt.Errorf("npm pack: %w", err)
	}
	archive := filepath.Join(unfinished, strings.TrimSpace(string(out)))
	if err := verify(archive); err != nil {
		return err
	}
	if err := unpack(archive, unfinished); err != nil {
		return err
	}
	if err := os.Remove(archive); err != nil {
		return err
	}
	if err := os.Rename(unfinished, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err // somebody else may have been as fast
	}
	return nil
}

// verify fails for another package than the pinned one.
func verify(archive string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(h.Sum(nil)); got != digest {
		return fmt.Errorf("%s %s has the digest %s, not the pinned one", packageName, version, got)
	}
	return nil
}

// unpack takes the browser and its libraries out of the package.
func unpack(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for t := tar.NewReader(z); ; {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch header.Name {
		case "package/bin/chromium.br":
			err = writeFile(filepath.Join(dir, "chromium"), brotli.NewReader(t))
		case "package/bin/al2023.tar.br":
			err = unpackLibraries(brotli.NewReader(t), filepath.Join(dir, "lib"))
		}
		if err != nil {
			return err
		}
	}
}

// unpackLibraries writes the files of an archive into one directory.
func unpackLibraries(r io.Reader, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for t := tar.NewReader(r); ; {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := writeFile(filepath.Join(dir, filepath.Base(header.Name)), t); err != nil {
			return err
		}
	}
}

func writeFile(path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

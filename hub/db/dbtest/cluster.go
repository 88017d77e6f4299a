package dbtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// superuser is PostgreSQL's own name for who made the cluster.
const superuser = "xulang"

// keeper makes a cluster in folder $1 with the programs in $2 and the settings $3,
// and runs it until its standard input ends. The system sees to that when the test
// process ends, however it ends. Then the server stops without ado, as nothing in it
// is needed any more, and the folder goes.
const keeper = `cd "$1" || exit 1
if "$2/initdb" -D data -U ` + superuser + ` -A trust -E UTF8 --locale=C --no-sync >log 2>&1 &&
	"$2/pg_ctl" -D data -l server.log -w -o "$3 -k $1" start >>log 2>&1
then
	echo started
	cat >/dev/null
	"$2/pg_ctl" -D data -m immediate stop >/dev/null 2>&1
else
	tail -n 20 log server.log 2>&1
fi
cd / && rm -rf "$1"`

// settings make a server that is quick, forgets with the power, and listens on no
// network.
const settings = "-c listen_addresses= -c max_connections=400 -c fsync=off -c full_page_writes=off -c autovacuum=off -c max_wal_size=4GB"

// cluster is a server that runs until this process ends.
type cluster struct {
	folder string         // of its socket
	keep   io.WriteCloser // the keeper's standard input: open while the server is wanted
}

// run starts a cluster and waits until it answers.
func run() (cluster, error) {
	bin, err := programs()
	if err != nil {
		return cluster{}, err
	}
	who, err := somebody()
	if err != nil {
		return cluster{}, err
	}
	// A path to a socket has at most 107 bytes (unix(7)), and another user has to
	// reach it, so it is not among the test's own folders.
	folder, err := os.MkdirTemp("/tmp", "xulang-pg-")
	if err != nil {
		return cluster{}, fmt.Errorf("make folder of the cluster: %w", err)
	}
	c := cluster{folder: folder}
	if err := c.start(bin, who); err != nil {
		return cluster{}, errors.Join(fmt.Errorf("start cluster: %w", err), os.RemoveAll(folder))
	}
	return c, nil
}

func (c *cluster) start(bin string, who *syscall.Credential) (err error) {
	if who != nil {
		if err := os.Chown(c.folder, int(who.Uid), int(who.Gid)); err != nil {
			return err
		}
	}
	keep := exec.Command("/bin/sh", "-c", keeper, "sh", c.folder, bin, settings)
	keep.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	// In a session of its own an interrupt of the tests does not reach it: it still
	// has to clean up.
	keep.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: who}
	if c.keep, err = keep.StdinPipe(); err != nil {
		return err
	}
	out, err := keep.StdoutPipe()
	if err != nil {
		return err
	}
	if err := keep.Start(); err != nil {
		return err
	}
	said := bufio.NewReader(out)
	first, err := said.ReadString('\n')
	if first == "started\n" {
		return nil
	}
	rest, restErr := io.ReadAll(said)
	return errors.Join(fmt.Errorf("%s", strings.TrimSpace(first+string(rest))), err, restErr, keep.Wait())
}

// programs is the folder with initdb, pg_ctl and postgres: of the newest version
// that Debian's packages installed, or of whatever is in the PATH.
func programs() (string, error) {
	newest, bin := 0, ""
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	for _, path := range found {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err == nil && version >= 15 && version > newest {
			newest, bin = version, filepath.Dir(path)
		}
	}
	if bin != "" {
		return bin, nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("no PostgreSQL 15 or newer is on this machine: run scripts/need postgres, or install the package postgresql")
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// somebody is whom the server runs as: PostgreSQL refuses to run as root. nil is
// who runs the tests.
func somebody() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("find user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it as")
}

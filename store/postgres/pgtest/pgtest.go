// Package pgtest makes databases for tests, on the server that FLATTERY_POSTGRES names, or on one of its own.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"flattery"
	"flattery/internal/server/servertest"
	"flattery/store/postgres"
)

// Variable names the server: a DSN of somebody who may make databases.
const Variable = "FLATTERY_POSTGRES"

// Have reports whether there is a server for tests. In CI there must be one.
func Have() bool { return os.Getenv(Variable) != "" || os.Getenv("FLATTERY_CI") != "" }

// template is a migrated database that the others are copies of.
const template = "flattery_test_template"

// New makes an empty, migrated database that goes with the test. Without a server the test is left out, but never in CI.
func New(t testing.TB) flattery.Secret {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		if os.Getenv("FLATTERY_CI") != "" {
			t.Fatalf("%s is not set: start the tests with .ci/postgres", Variable)
		}
		t.Skipf("left out, there is no PostgreSQL: start it with .ci/postgres go test …, or name a server in %s", Variable)
	}
	return On(t, server)
}

// On makes a database on a server.
func On(t testing.TB, server string) flattery.Secret {
	t.Helper()
	dsn, drop, err := Make(context.Background(), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return dsn
}

// Make makes a database on a server, and says how to drop it.
func Make(ctx context.Context, server string) (dsn flattery.Secret, drop func() error, err error) {
	config, err := pgx.ParseConfig(server)
	if err != nil {
		return "", nil, err
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	if err := makeTemplate(ctx, c, at(config, template)); err != nil {
		return "", nil, err
	}
	name := "flattery_test_" + strings.ToLower(rand.Text())
	if _, err := c.Exec(ctx, `CREATE DATABASE `+name+` TEMPLATE `+template+` STRATEGY = FILE_COPY`); err != nil {
		return "", nil, err
	}
	return at(config, name), func() error {
		c, err := pgx.ConnectConfig(context.WithoutCancel(ctx), config)
		if err != nil {
			return nil //nolint:nilerr // the server is gone, and all with it
		}
		_, err = c.Exec(context.WithoutCancel(ctx), `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
		return errors.Join(err, c.Close(context.WithoutCancel(ctx)))
	}, nil
}

// makeTemplate makes a migrated database of which the others are copies. Of many test processes one does it, and the others
// wait.
func makeTemplate(ctx context.Context, c *pgx.Conn, dsn flattery.Secret) (err error) {
	if _, err := c.Exec(ctx, `SELECT pg_advisory_lock(7)`); err != nil {
		return err
	}
	defer func() {
		_, unlocked := c.Exec(ctx, `SELECT pg_advisory_unlock(7)`)
		err = errors.Join(err, unlocked)
	}()
	var there bool
	if err := c.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)`, template).Scan(&there); err != nil || there {
		return err
	}
	for _, q := range []string{`DROP DATABASE IF EXISTS ` + template, `CREATE DATABASE ` + template} {
		if _, err := c.Exec(ctx, q); err != nil {
			return err
		}
	}
	s, err := postgres.Open(ctx, postgres.Options{DSN: dsn, Location: time.UTC, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	_, err = c.Exec(ctx, `ALTER DATABASE `+template+` IS_TEMPLATE true`)
	return err
}

// at is the DSN of a database on a server.
func at(c *pgx.ConnConfig, database string) flattery.Secret {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(c.User, c.Password), Host: net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))), Path: database, RawQuery: "sslmode=disable"}
	return flattery.Secret(u.String())
}

// Server is one of a test's own, that it may stop and start.
type Server struct {
	DSN  string // of its first database
	bin  string
	dir  string
	port int
	who  *syscall.Credential
	cmd  *exec.Cmd
}

// Start makes a server on loopback that ends with the test. Without the programs the test is left out, but never in CI.
func Start(t testing.TB) *Server {
	t.Helper()
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(bins) == 0 {
		if os.Getenv("FLATTERY_CI") != "" {
			t.Fatal("PostgreSQL is not installed")
		}
		t.Skip("left out: PostgreSQL is not installed")
	}
	s := &Server{bin: filepath.Dir(bins[len(bins)-1])}
	if s.dir, err = os.MkdirTemp("", "flattery-pg-"); err != nil { //nolint:usetesting // the server, which is not root, must get in
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Stop(), os.RemoveAll(s.dir)); err != nil {
			t.Error(err)
		}
	})
	if os.Getuid() == 0 { // the server refuses to be root
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, errU := strconv.Atoi(u.Uid)
		gid, errG := strconv.Atoi(u.Gid)
		if err := errors.Join(errU, errG, os.Chown(s.dir, uid, gid)); err != nil {
			t.Fatal(err)
		}
		s.who = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	if out, err := s.command("initdb", "-D", s.dir, "-U", "flattery", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.port = servertest.Port(t)
	s.DSN = fmt.Sprintf("host=127.0.0.1 port=%d user=flattery database=postgres sslmode=disable", s.port)
	s.Start(t)
	return s
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...) //nolint:noctx,gosec // it ends with Stop; the names stand here
	c.Dir = s.dir
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.who}
	return c
}

// Start starts it, also again, and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.cmd = s.command("postgres", "-D", s.dir, "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200")
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		c, err := pgx.Connect(context.Background(), s.DSN)
		if err == nil {
			if err := c.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatal(err)
		}
	}
}

// Stop ends it at once, as an impatient owner does: sessions are broken off.
func (s *Server) Stop() error { return s.end(syscall.SIGINT) }

// Crash ends it as a power cut does.
func (s *Server) Crash() error { return s.end(syscall.SIGQUIT) }

func (s *Server) end(sig os.Signal) error {
	if s.cmd == nil {
		return nil
	}
	err := s.cmd.Process.Signal(sig)
	_ = s.cmd.Wait() // broken off it says so
	s.cmd = nil
	return err
}

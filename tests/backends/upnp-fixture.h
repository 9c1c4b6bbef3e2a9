/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-backend.h"

#include "fake-igd.h"
#include "test-link.h"
#include "test-loop.h"

G_BEGIN_DECLS

/* A backend and a fake router on a network that each test program has for itself: the program
 * defines UPNP_TEST_NET, such as "127.77.1", and upnp_test_net with the same value. */
#define GATEWAY UPNP_TEST_NET ".1"
#define OTHER UPNP_TEST_NET ".2" /* another device on the link */
#define LOCAL UPNP_TEST_NET ".10"
#define STRANGER UPNP_TEST_NET ".99" /* another host */
#define LIFETIME 7200
#define TIMEOUT 20000

extern const char upnp_test_net[];

typedef struct
{
  TestLoop loop;
  FakeIgd *igd;
  PlumNetwork *network;
  PlumBackend *backend;
  char *lost;     /* the last reason */
  gboolean ready; /* FALSE: the test is skipped */
} Fixture;

typedef struct
{
  const char *name;
  FakeIgdSwitches switches;
  void (*func) (Fixture *f, gconstpointer data);
} UpnpTest;

/* Adds the test /upnp/NAME with a new fixture. */
void upnp_test_add (const UpnpTest *test);
/* Initializes GTest, adds the tests and runs them. */
int upnp_test_run (int argc, char *argv[], const UpnpTest *upnp_tests, gsize n_rows);
/* The same for tests /upnp/pinhole/NAME on TEST_LINK, where the router has a firewall and the host
 * an IPv6 address. */
int upnp_test_run_ipv6 (int argc, char *argv[], const UpnpTest *upnp_tests, gsize n_rows);

/* Replaces the backend by a new one without any state. */
void renew_backend (Fixture *f);
PlumCall *call (Fixture *f, PlumCallKind kind, const PlumCallArgs *args);
void discover (Fixture *f);
void assert_discover_fails (Fixture *f, PlumError code, const char *message);
/* For TCP. */
PlumCall *map_call (Fixture *f, guint internal_port, guint external_port, guint lifetime);
/* Discovers if necessary, maps TCP port 8080, and returns the lease. */
PlumLease *map_port (Fixture *f, guint external_port);
/* The same without the lease. */
void map_only (Fixture *f, guint external_port);
void assert_map_fails (Fixture *f, guint external_port, PlumError code, const char *message);
PlumCall *lease_call (Fixture *f, PlumCallKind kind, PlumLease *lease);
void unmap_port (Fixture *f, PlumLease *lease);
/* code -1: the check succeeds. */
void assert_check (Fixture *f, PlumLease *lease, int code);
/* address: (nullable) */
void assert_lease (PlumLease *lease, guint port, guint lifetime, const char *address);

G_END_DECLS

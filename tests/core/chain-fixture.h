/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "core-fixture.h"
#include "test-lan.h"

G_BEGIN_DECLS

/* A manager behind routers in a row, in a network namespace. The first one, R1, is 192.0.2.1 and
 * reports 192.168.0.50; R2 reports 1.2.3.4. The packets that leave this host are captured. */
typedef struct
{
  CoreFixture core; /* first */
  TestLan lan;
  int tap;           /* a packet socket at the other end of the link; -1 if lan is not ready */
  GByteArray *probe; /* the last datagram that seeks a router */
  guint n_probes;
  guint n_packets; /* of IPv4, all */
  guint n_changed;
} ChainFixture;

#define CHAIN_R1 "192.0.2.1"
#define CHAIN_R1_WAN "192.168.0.50"
#define CHAIN_R2 "192.168.0.1"
#define CHAIN_BOTH(port)                                                                           \
  CHAIN_R1 " " CHAIN_R1_WAN ":" port " alpha, " CHAIN_R2 " 1.2.3.4:" port " alpha"

#define ALPHA2 (fake_backend_script_at (FAKE_ALPHA, 2))
#define BETA2 (fake_backend_script_at (FAKE_BETA, 2))
#define ALPHA3 (fake_backend_script_at (FAKE_ALPHA, 3))

/* n_backends: 1 if NULL. */
void chain_fixture_set_up (ChainFixture *f, gconstpointer n_backends);
void chain_fixture_tear_down (ChainFixture *f, gconstpointer data);

#define CHAIN_ADD(path, func)                                                                      \
  g_test_add ("/chain/" path, ChainFixture, NULL, chain_fixture_set_up, func,                      \
              chain_fixture_tear_down)
#define CHAIN_ADD_N(path, n, func)                                                                 \
  g_test_add ("/chain/" path, ChainFixture, GUINT_TO_POINTER (n), chain_fixture_set_up, func,      \
              chain_fixture_tear_down)
#define SKIP_WITHOUT_LAN(f)                                                                        \
  if (!(f)->lan.ready)                                                                             \
  return

/* Reads what has left this host. */
void chain_look (ChainFixture *f);
/* A router discards the last probe: an ICMP message with this source. */
void chain_answer_probe (ChainFixture *f, const char *router);

/* The routers of a mapping and what they forward, such as "192.0.2.1 192.168.0.50:8080 alpha,
 * 192.168.0.1 1.2.3.4:8080 alpha". */
void chain_assert_hops (PlumMapping *mapping, const char *expected);
void chain_assert_endpoint (PlumMapping *mapping, const char *host, guint port);
/* Adds a mapping and waits until the chain is up. (transfer full) */
PlumMapping *chain_add_up (ChainFixture *f, guint internal_port, guint external_port);
void chain_clear_log (void);
void chain_close_manager (ChainFixture *f, gint64 ms);

G_END_DECLS

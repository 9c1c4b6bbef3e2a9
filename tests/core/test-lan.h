/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* A network namespace for tests. It contains the loopback interface and, for each test that uses
 * the fixture, a link without peers. */

/* Call this first in main (), before another thread exists. */
void test_lan_enter_namespace (void);
/* Runs ip(8) in the namespace. */
gboolean test_lan_ip (const char *line);
/* Pulls the cable of wan0, or plugs it in again, and waits until the kernel has noticed it. The
 * address and the routes of wan0 stay. */
void test_lan_set_carrier (gboolean carrier);

/* A route watch with a main context of its own. */
typedef struct
{
  GMainContext *context;
  GSource *source;
  int n_changes;
} TestWatch;

void test_watch_init (TestWatch *watch);
void test_watch_settle (TestWatch *watch);
void test_watch_clear (TestWatch *watch);

/* A fixture with the interface wan0, which has the address 192.0.2.2/24 and, with TEST_LAN_IPV6,
 * 2001:db8::2 and fe80::2. There are no routes. If ready is FALSE, the test is already marked as
 * skipped. */
typedef struct
{
  gboolean ready;
} TestLan;

#define TEST_LAN_IPV4 GINT_TO_POINTER (FALSE)
#define TEST_LAN_IPV6 GINT_TO_POINTER (TRUE)

void test_lan_set_up (TestLan *lan, gconstpointer family);
void test_lan_tear_down (TestLan *lan, gconstpointer family);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* A network of the test's own: a namespace, in which only loopback is up, and in it, for each test
 * that wants it, a link to nobody. */

/* To be called first in main (), before there is a second thread, which could not follow. */
void test_lan_enter_namespace (void);
/* Runs ip(8), in the namespace. */
gboolean test_lan_ip (const char *line);

/* A route watch in a context of its own. */
typedef struct
{
  GMainContext *context;
  GSource *source;
  int n_changes;
} TestWatch;

void test_watch_init (TestWatch *watch);
void test_watch_settle (TestWatch *watch);
void test_watch_clear (TestWatch *watch);

/* A fixture: wan0 with 192.0.2.2/24; given TEST_LAN_IPV6, with 2001:db8::2 and fe80::2 besides. No
 * routes. If ready is FALSE, the test is skipped already. */
typedef struct
{
  gboolean ready;
} TestLan;

#define TEST_LAN_IPV4 GINT_TO_POINTER (FALSE)
#define TEST_LAN_IPV6 GINT_TO_POINTER (TRUE)

void test_lan_set_up (TestLan *lan, gconstpointer family);
void test_lan_tear_down (TestLan *lan, gconstpointer family);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-link.h"

#include "test-link.h"
#include "test-loop.h"

/* Which addresses may be contacted: never one of this host, of any family, on any interface, in any
 * form. */

#define LAN_HOST "192.168.77.10"
#define LAN_SECOND "192.168.77.11"
#define LAN_ROUTER "192.168.77.1"
#define OTHER_LINK "10.77.0.10"
#define ULA "fd77::10"

typedef struct
{
  TestLoop loop;
  gboolean ready;
} Fixture;

static gboolean
make_addresses (void)
{
  return test_link_set_up () && test_link_ip ("addr replace " LAN_HOST "/24 dev " TEST_LINK) &&
         test_link_ip ("addr replace " LAN_SECOND "/24 dev " TEST_LINK) &&
         test_link_ip ("addr replace " OTHER_LINK "/24 dev lo") &&
         test_link_ip ("addr replace " ULA "/64 dev " TEST_LINK " nodad");
}

static void
set_up (Fixture *f, gconstpointer data)
{
  test_loop_set_up (&f->loop, TRUE);
  f->ready = make_addresses ();
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_loop_tear_down (&f->loop);
}

static UpnpLinkVerdict
judge (const char *gateway, const char *local, const char *address)
{
  g_autoptr (PlumNetwork) network = test_link_network_new (gateway, local);
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);

  g_test_message ("%s from behind %s", address, gateway);
  return upnp_link_judge (network, inet);
}

static void
test_own (Fixture *f, gconstpointer data)
{
  static const char *const own[] = {
    LAN_HOST,       LAN_SECOND,         OTHER_LINK,         ULA,
    TEST_LINK_HOST, TEST_LINK_CLIENT,   TEST_LINK_CLIENT2,  "127.0.0.1",
    "::1",          "::ffff:" LAN_HOST, "::ffff:127.0.0.1", "::ffff:" LAN_SECOND,
  };

  for (gsize i = 0; f->ready && i < G_N_ELEMENTS (own); i++)
    {
      g_assert_cmpint (judge (LAN_ROUTER, LAN_HOST, own[i]), ==, UPNP_LINK_OWN);
      g_assert_cmpint (judge (TEST_LINK_ROUTER, TEST_LINK_CLIENT, own[i]), ==, UPNP_LINK_OWN);
    }
}

/* The program has set gateway-address to an address of this host. */
static void
test_own_gateway (Fixture *f, gconstpointer data)
{
  if (!f->ready)
    return;

  g_assert_cmpint (judge (LAN_SECOND, LAN_HOST, LAN_SECOND), ==, UPNP_LINK_OWN);
  g_assert_cmpint (judge (ULA, TEST_LINK_CLIENT, ULA), ==, UPNP_LINK_OWN);
  g_assert_cmpint (judge (TEST_LINK_HOST, TEST_LINK_CLIENT, TEST_LINK_HOST), ==, UPNP_LINK_OWN);
}

/* Addresses change: each contact looks at the present ones. */
static void
test_changes (Fixture *f, gconstpointer data)
{
  if (!f->ready)
    return;

  g_assert_cmpint (judge (LAN_ROUTER, LAN_HOST, "192.168.77.12"), ==, UPNP_LINK_MAY_CONTACT);
  g_assert_true (test_link_ip ("addr add 192.168.77.12/24 dev " TEST_LINK));
  g_assert_cmpint (judge (LAN_ROUTER, LAN_HOST, "192.168.77.12"), ==, UPNP_LINK_OWN);
  g_assert_true (test_link_ip ("addr del 192.168.77.12/24 dev " TEST_LINK));
  g_assert_cmpint (judge (LAN_ROUTER, LAN_HOST, "192.168.77.12"), ==, UPNP_LINK_MAY_CONTACT);
}

static void
test_others (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *address;
    UpnpLinkVerdict ipv4;
    UpnpLinkVerdict ipv6;
  } cases[] = {
    { LAN_ROUTER, UPNP_LINK_MAY_CONTACT, UPNP_LINK_NO_HOST },
    { "192.168.77.2", UPNP_LINK_MAY_CONTACT, UPNP_LINK_NO_HOST },
    { "192.168.77.255", UPNP_LINK_OFF_LINK, UPNP_LINK_NO_HOST },
    { "192.168.78.1", UPNP_LINK_OFF_LINK, UPNP_LINK_NO_HOST },
    { "255.255.255.255", UPNP_LINK_NO_HOST, UPNP_LINK_NO_HOST },
    { "239.255.255.250", UPNP_LINK_NO_HOST, UPNP_LINK_NO_HOST },
    { "0.0.0.0", UPNP_LINK_NO_HOST, UPNP_LINK_NO_HOST },
    { "::", UPNP_LINK_NO_HOST, UPNP_LINK_NO_HOST },
    { "ff02::c", UPNP_LINK_NO_HOST, UPNP_LINK_NO_HOST },
    { "::ffff:" LAN_ROUTER, UPNP_LINK_NO_HOST, UPNP_LINK_NO_HOST },
    { TEST_LINK_ROUTER, UPNP_LINK_NO_HOST, UPNP_LINK_MAY_CONTACT },
    { TEST_LINK_OTHER, UPNP_LINK_NO_HOST, UPNP_LINK_MAY_CONTACT },
    { "2001:db8::1", UPNP_LINK_NO_HOST, UPNP_LINK_MAY_CONTACT },
    { "2001:db9::1", UPNP_LINK_NO_HOST, UPNP_LINK_OFF_LINK },
  };

  for (gsize i = 0; f->ready && i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_cmpint (judge (LAN_ROUTER, LAN_HOST, cases[i].address), ==, cases[i].ipv4);
      g_assert_cmpint (judge (TEST_LINK_ROUTER, TEST_LINK_CLIENT, cases[i].address), ==,
                       cases[i].ipv6);
    }
}

static void
add (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("/upnp/link/own", test_own);
  add ("/upnp/link/own-gateway", test_own_gateway);
  add ("/upnp/link/changes", test_changes);
  add ("/upnp/link/others", test_others);

  return g_test_run ();
}

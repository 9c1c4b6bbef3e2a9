/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include <string.h>

#include "plum-route-choice-private.h"

/* What is chosen from a routing table and from the addresses of the interfaces. */

#define UP PLUM_ROUTE_FLAG_UP
#define GATEWAY PLUM_ROUTE_FLAG_GATEWAY

#define INTERNET "198.41.0.4"

typedef struct
{
  const char *destination;
  guint prefix_len;
  const char *gateway; /* (nullable) */
  guint interface_index;
  guint flags;
  gboolean is_scoped;
  guint priority;
} Row;

static void
fill (guint8 *out, const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  memcpy (out, g_inet_address_to_bytes (address), g_inet_address_get_native_size (address));
}

static GArray *
table_new (const Row *rows, gsize n)
{
  GArray *routes = g_array_new (FALSE, TRUE, sizeof (PlumRouteMessage));

  for (gsize i = 0; i < n; i++)
    {
      PlumRouteMessage route = {
        .type = PLUM_ROUTE_GET,
        .interface_index = rows[i].interface_index,
        .flags = rows[i].flags,
        .is_scoped = rows[i].is_scoped,
        .priority = rows[i].priority,
        .family =
          strchr (rows[i].destination, ':') != NULL ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4,
        .prefix_len = rows[i].prefix_len,
        .has_gateway = rows[i].gateway != NULL,
      };

      fill (route.destination, rows[i].destination);
      if (rows[i].gateway != NULL)
        fill (route.gateway, rows[i].gateway);
      g_array_append_val (routes, route);
    }

  return routes;
}

/* expected: the gateway; "-": a route without one; NULL: no route */
static void
assert_route (
  const Row *rows, gsize n, const char *destination, guint interface_index, const char *expected)
{
  g_autoptr (GArray) routes = table_new (rows, n);
  g_autoptr (GInetAddress) to = g_inet_address_new_from_string (destination);
  const PlumRouteMessage *route = plum_route_choice_find (routes, to, interface_index);
  g_autoptr (GInetAddress) gateway = route != NULL ? plum_route_choice_get_gateway (route) : NULL;
  g_autofree char *text = gateway != NULL ? g_inet_address_to_string (gateway) : NULL;

  g_assert_cmpstr (text != NULL ? text : (route != NULL ? "-" : NULL), ==, expected);
}

static const Row home[] = {
  { "0.0.0.0", 0, "192.168.1.1", 1, UP | GATEWAY, FALSE, 0 },
  { "192.168.1.0", 24, NULL, 1, UP, FALSE, 0 },
  { "127.0.0.0", 8, NULL, 9, UP, FALSE, 0 },
};

static void
test_default (void)
{
  assert_route (home, G_N_ELEMENTS (home), INTERNET, 0, "192.168.1.1");
  assert_route (home, G_N_ELEMENTS (home), INTERNET, 1, "192.168.1.1");
  assert_route (home, G_N_ELEMENTS (home), INTERNET, 9, NULL);
  assert_route (home, G_N_ELEMENTS (home), "192.168.1.77", 0, "-");
  assert_route (home, G_N_ELEMENTS (home), "2001:db8::1", 0, NULL);
}

/* A VPN overrides the default route by two halves of it. */
static void
test_split_default (void)
{
  static const Row rows[] = {
    { "0.0.0.0", 0, "192.168.1.1", 1, UP | GATEWAY, FALSE, 0 },
    { "0.0.0.0", 1, "10.8.0.1", 2, UP | GATEWAY, FALSE, 0 },
    { "128.0.0.0", 1, "10.8.0.1", 2, UP | GATEWAY, FALSE, 0 },
  };

  assert_route (rows, G_N_ELEMENTS (rows), INTERNET, 0, "10.8.0.1");
  assert_route (rows, G_N_ELEMENTS (rows), "9.9.9.9", 0, "10.8.0.1");
  assert_route (rows, G_N_ELEMENTS (rows), INTERNET, 1, "192.168.1.1");
}

/* macOS: the routes of other interfaces than the preferred one are scoped. */
static void
test_scoped (void)
{
  static const Row rows[] = {
    { "0.0.0.0", 0, "192.168.2.1", 2, UP | GATEWAY, TRUE, 0 },
    { "0.0.0.0", 0, "192.168.1.1", 1, UP | GATEWAY, FALSE, 0 },
  };

  assert_route (rows, G_N_ELEMENTS (rows), INTERNET, 0, "192.168.1.1");
  assert_route (rows, G_N_ELEMENTS (rows), INTERNET, 2, "192.168.2.1");
  assert_route (rows, 1, INTERNET, 0, NULL);
}

/* OpenBSD: lower values take precedence. */
static void
test_priority (void)
{
  static const Row rows[] = {
    { "0.0.0.0", 0, "192.168.2.1", 2, UP | GATEWAY, FALSE, 12 },
    { "0.0.0.0", 0, "192.168.1.1", 1, UP | GATEWAY, FALSE, 8 },
  };

  assert_route (rows, G_N_ELEMENTS (rows), INTERNET, 0, "192.168.1.1");
}

static void
test_down (void)
{
  static const Row rows[] = { { "0.0.0.0", 0, "192.168.1.1", 1, GATEWAY, FALSE, 0 } };

  assert_route (rows, G_N_ELEMENTS (rows), INTERNET, 0, NULL);
}

static void
test_list (void)
{
  static const Row rows[] = {
    { "0.0.0.0", 0, "192.168.3.1", 3, UP | GATEWAY, TRUE, 8 },
    { "0.0.0.0", 0, "192.168.2.1", 2, UP | GATEWAY, FALSE, 12 },
    { "0.0.0.0", 0, "192.168.1.1", 1, UP | GATEWAY, FALSE, 8 },
    { "128.0.0.0", 1, "192.168.1.1", 1, UP | GATEWAY, FALSE, 8 },
    { "10.0.0.0", 8, "192.168.4.1", 4, UP | GATEWAY, FALSE, 1 },
    { "0.0.0.0", 0, NULL, 5, UP | PLUM_ROUTE_FLAG_REJECT, FALSE, 1 },
    { "0.0.0.0", 0, NULL, 6, UP | PLUM_ROUTE_FLAG_BLACKHOLE, FALSE, 1 },
    { "0.0.0.0", 0, "192.168.7.1", 7, GATEWAY, FALSE, 1 },
  };
  static const guint expected[] = { 1, 2, 3 };
  g_autoptr (GArray) routes = table_new (rows, G_N_ELEMENTS (rows));
  g_autoptr (GArray) indexes = plum_route_choice_list_interfaces (routes);

  g_assert_cmpmem (indexes->data, indexes->len * sizeof (guint), expected, sizeof expected);
}

static void
entry_free (gpointer data)
{
  PlumInterfaceAddress *self = data;

  g_object_unref (self->address);
  g_clear_object (&self->netmask);
  g_free (self);
}

static PlumInterfaceAddress *
entry_new (guint interface_index, const char *address, const char *netmask)
{
  PlumInterfaceAddress *self = g_new0 (PlumInterfaceAddress, 1);

  self->interface_index = interface_index;
  self->address = g_inet_address_new_from_string (address);
  self->netmask = netmask != NULL ? g_inet_address_new_from_string (netmask) : NULL;
  return self;
}

static void
assert_guess (const char *address, const char *netmask, const char *expected)
{
  PlumInterfaceAddress *own = entry_new (1, address, netmask);
  g_autoptr (GInetAddress) guess = plum_route_choice_guess_gateway (own);
  g_autofree char *text = guess != NULL ? g_inet_address_to_string (guess) : NULL;

  g_assert_cmpstr (text, ==, expected);
  entry_free (own);
}

static void
test_guess (void)
{
  assert_guess ("192.168.1.10", "255.255.255.0", "192.168.1.1");
  assert_guess ("10.20.30.40", "255.0.0.0", "10.0.0.1");
  assert_guess ("192.168.1.21", "255.255.255.240", "192.168.1.17");
  assert_guess ("192.168.1.2", "255.255.255.252", "192.168.1.1");
  assert_guess ("2001:db8::10", "ffff:ffff:ffff:ffff::", "2001:db8::1");
  /* This host is the router. */
  assert_guess ("172.17.0.1", "255.255.0.0", NULL);
  /* These networks have no other host, or one that is no router. */
  assert_guess ("192.168.1.2", "255.255.255.255", NULL);
  assert_guess ("192.168.1.2", "255.255.255.254", NULL);
  assert_guess ("2001:db8::10", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL);
  assert_guess ("192.168.1.2", "0.0.0.0", NULL);
  assert_guess ("192.168.1.2", NULL, NULL);
}

static void
test_guess_not_for (void)
{
  PlumInterfaceAddress *own = entry_new (1, "192.168.1.10", "255.255.255.0");

  own->is_loopback = TRUE;
  g_assert_null (plum_route_choice_guess_gateway (own));
  own->is_loopback = FALSE;
  own->is_point_to_point = TRUE;
  g_assert_null (plum_route_choice_guess_gateway (own));
  entry_free (own);
}

static void
assert_own (GPtrArray *addresses,
            guint interface_index,
            gboolean ipv6,
            const char *neighbour,
            const char *expected)
{
  g_autoptr (GInetAddress) near =
    neighbour != NULL ? g_inet_address_new_from_string (neighbour) : NULL;
  const PlumInterfaceAddress *own =
    plum_route_choice_find_address (addresses, interface_index,
                                    ipv6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4, near);
  g_autofree char *text = own != NULL ? g_inet_address_to_string (own->address) : NULL;

  g_assert_cmpstr (text, ==, expected);
}

static void
test_own_address (void)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (entry_free);

  g_ptr_array_add (addresses, entry_new (1, "169.254.7.7", "255.255.0.0"));
  g_ptr_array_add (addresses, entry_new (1, "192.168.1.10", "255.255.255.0"));
  g_ptr_array_add (addresses, entry_new (1, "10.0.0.10", "255.255.255.0"));
  g_ptr_array_add (addresses, entry_new (1, "fe80::10", "ffff:ffff:ffff:ffff::"));
  g_ptr_array_add (addresses, entry_new (1, "fd00::10", "ffff:ffff:ffff:ffff::"));
  g_ptr_array_add (addresses, entry_new (1, "2001:db8::10", "ffff:ffff:ffff:ffff::"));
  g_ptr_array_add (addresses, entry_new (2, "192.168.2.10", "255.255.255.0"));
  g_ptr_array_add (addresses, entry_new (3, "fe80::30", "ffff:ffff:ffff:ffff::"));

  assert_own (addresses, 1, FALSE, NULL, "192.168.1.10");
  assert_own (addresses, 1, FALSE, "10.0.0.1", "10.0.0.10");
  assert_own (addresses, 2, FALSE, "10.0.0.1", "192.168.2.10");
  assert_own (addresses, 1, TRUE, "fe80::1", "2001:db8::10");
  assert_own (addresses, 1, TRUE, "fd00::1", "fd00::10");
  assert_own (addresses, 2, TRUE, NULL, NULL);
  /* Only a link-local address. */
  assert_own (addresses, 3, TRUE, NULL, NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/route-choice/default", test_default);
  g_test_add_func ("/route-choice/split-default", test_split_default);
  g_test_add_func ("/route-choice/scoped", test_scoped);
  g_test_add_func ("/route-choice/priority", test_priority);
  g_test_add_func ("/route-choice/down", test_down);
  g_test_add_func ("/route-choice/list", test_list);
  g_test_add_func ("/route-choice/guess", test_guess);
  g_test_add_func ("/route-choice/no-guess-for-loopback-and-point-to-point", test_guess_not_for);
  g_test_add_func ("/route-choice/own-address", test_own_address);

  return g_test_run ();
}

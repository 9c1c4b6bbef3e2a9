/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "plum-netlink-private.h"

/* Tests of the requests, and of the errors that answer them. */

static void
test_encode_get_route (void)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("192.0.2.1");
  g_autoptr (GByteArray) request =
    plum_netlink_encode_get_route (9, AF_INET, g_inet_address_to_bytes (address), 3,
                                   RTM_F_FIB_MATCH);
  PlumNetlinkReader reader = PLUM_NETLINK_READER_INIT (request->data, request->len);
  PlumNetlinkMessage message;
  PlumNetlinkRoute route;

  g_assert_true (plum_netlink_reader_next (&reader, &message, NULL));
  g_assert_cmpuint (message.type, ==, RTM_GETROUTE);
  g_assert_cmpuint (message.flags, ==, NLM_F_REQUEST);
  g_assert_cmpuint (message.sequence, ==, 9);
  g_assert_true (plum_netlink_decode_route (&message, &route, NULL));
  g_assert_cmpuint (route.flags, ==, RTM_F_FIB_MATCH);
  g_assert_cmpuint (route.next_hop.interface_index, ==, 3);
}

static void
test_encode_dump_routes (void)
{
  g_autoptr (GByteArray) request = plum_netlink_encode_dump_routes (9, AF_INET6);
  PlumNetlinkReader reader = PLUM_NETLINK_READER_INIT (request->data, request->len);
  PlumNetlinkMessage message;
  PlumNetlinkRoute route;

  g_assert_true (plum_netlink_reader_next (&reader, &message, NULL));
  g_assert_cmpuint (message.type, ==, RTM_GETROUTE);
  g_assert_cmpuint (message.flags, ==, NLM_F_REQUEST | NLM_F_DUMP);
  g_assert_cmpuint (message.sequence, ==, 9);
  g_assert_true (plum_netlink_decode_route (&message, &route, NULL));
  g_assert_cmpint (route.family, ==, AF_INET6);
}

static void
assert_errno (gint32 code, int expected)
{
  const struct nlmsgerr payload = { .error = code };
  PlumNetlinkMessage message = {
    .payload = (const guint8 *) &payload,
    .payload_len = sizeof payload,
  };
  int value = -1;

  g_assert_cmpint (plum_netlink_decode_error (&message, &value, NULL), ==, expected >= 0);
  g_assert_cmpint (value, ==, expected);
}

static void
test_decode_error (void)
{
  assert_errno (-ENETUNREACH, ENETUNREACH);
  assert_errno (0, 0);
}

static void
test_decode_error_out_of_range (void)
{
  assert_errno (1, -1);
  assert_errno (G_MININT32, -1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/netlink-request/dump-routes", test_encode_dump_routes);
  g_test_add_func ("/netlink-request/error", test_decode_error);
  g_test_add_func ("/netlink-request/error-out-of-range", test_decode_error_out_of_range);
  g_test_add_func ("/netlink-request/get-route", test_encode_get_route);

  return g_test_run ();
}

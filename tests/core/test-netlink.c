/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "plum-netlink-private.h"

static GByteArray *
message_new (gconstpointer header, gsize len)
{
  GByteArray *payload = g_byte_array_new ();

  return g_byte_array_append (payload, header, (guint) len);
}

static GByteArray *
route_new (guint8 family, guint8 type)
{
  const struct rtmsg header = {
    .rtm_family = family,
    .rtm_type = type,
    .rtm_table = RT_TABLE_MAIN,
    .rtm_flags = RTM_F_CLONED,
  };

  return message_new (&header, sizeof header);
}

static void
add (GByteArray *payload, guint16 type, gconstpointer value, gsize len)
{
  const struct rtattr header = { .rta_len = (guint16) (sizeof header + len), .rta_type = type };

  g_byte_array_append (payload, (const guint8 *) &header, sizeof header);
  g_byte_array_append (payload, value, (guint) len);
  while (payload->len % 4 != 0)
    g_byte_array_append (payload, (const guint8 *) "", 1);
}

static void
add_u32 (GByteArray *payload, guint16 type, guint32 value)
{
  add (payload, type, &value, sizeof value);
}

static void
add_address (GByteArray *payload, guint16 type, const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  add (payload, type, g_inet_address_to_bytes (address), g_inet_address_get_native_size (address));
}

/* Prepends a message header to a payload. (transfer full) */
static GBytes *
prepend_header (GByteArray *payload, guint16 type)
{
  const struct nlmsghdr header = {
    .nlmsg_len = (guint32) sizeof header + payload->len,
    .nlmsg_type = type,
    .nlmsg_seq = 7,
    .nlmsg_pid = 8,
  };

  g_byte_array_prepend (payload, (const guint8 *) &header, sizeof header);
  return g_byte_array_free_to_bytes (payload);
}

static PlumNetlinkMessage
message_of (GByteArray *payload)
{
  return (PlumNetlinkMessage){ .payload = payload->data, .payload_len = payload->len };
}

static void
assert_address (const guint8 *bytes, int family, const char *expected)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_bytes (bytes, (GSocketFamily) family);
  g_autofree char *text = g_inet_address_to_string (address);

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_malformed (GByteArray *payload)
{
  PlumNetlinkMessage message = message_of (payload);
  PlumNetlinkRoute route;
  g_autoptr (GError) error = NULL;

  g_assert_false (plum_netlink_decode_route (&message, &route, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
}

static void
decode (GByteArray *payload, PlumNetlinkRoute *route)
{
  PlumNetlinkMessage message = message_of (payload);
  g_autoptr (GError) error = NULL;

  g_assert_true (plum_netlink_decode_route (&message, route, &error));
  g_assert_no_error (error);
}

static GByteArray *
gateway_route_new (void)
{
  GByteArray *payload = route_new (AF_INET, RTN_UNICAST);

  add_u32 (payload, RTA_OIF, 3);
  add_address (payload, RTA_GATEWAY, "192.168.1.1");
  add_address (payload, RTA_PREFSRC, "192.168.1.10");
  return payload;
}

static void
test_decode_gateway (void)
{
  g_autoptr (GByteArray) payload = gateway_route_new ();
  PlumNetlinkRoute route;

  decode (payload, &route);
  g_assert_cmpint (route.family, ==, AF_INET);
  g_assert_cmpint (route.type, ==, RTN_UNICAST);
  g_assert_cmpuint (route.table, ==, RT_TABLE_MAIN);
  g_assert_cmpuint (route.flags, ==, RTM_F_CLONED);
  g_assert_cmpuint (route.next_hop.interface_index, ==, 3);
  g_assert_cmpint (route.next_hop.gateway_family, ==, AF_INET);
  assert_address (route.next_hop.gateway, AF_INET, "192.168.1.1");
  g_assert_true (route.has_source);
  assert_address (route.source, AF_INET, "192.168.1.10");
}

static void
test_decode_ipv6 (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_INET6, RTN_UNICAST);
  PlumNetlinkRoute route;

  add_address (payload, RTA_GATEWAY, "fe80::1");
  add_address (payload, RTA_PREFSRC, "2001:db8::2");
  decode (payload, &route);
  assert_address (route.next_hop.gateway, AF_INET6, "fe80::1");
  assert_address (route.source, AF_INET6, "2001:db8::2");
}

static void
test_decode_on_link (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_INET, RTN_UNICAST);
  PlumNetlinkRoute route;

  add_u32 (payload, RTA_OIF, 3);
  decode (payload, &route);
  g_assert_cmpint (route.next_hop.gateway_family, ==, AF_UNSPEC);
  g_assert_false (route.has_source);
}

static void
test_decode_via (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_INET, RTN_UNICAST);
  g_autoptr (GByteArray) via = g_byte_array_new ();
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("fe80::1");
  const guint16 family = AF_INET6;
  PlumNetlinkRoute route;

  g_byte_array_append (via, (const guint8 *) &family, sizeof family);
  g_byte_array_append (via, g_inet_address_to_bytes (address), 16);
  add (payload, RTA_VIA, via->data, via->len);
  decode (payload, &route);
  g_assert_cmpint (route.next_hop.gateway_family, ==, AF_INET6);
  assert_address (route.next_hop.gateway, AF_INET6, "fe80::1");
}

static void
add_hop (GByteArray *hops, int interface_index, guint8 flags, const char *gateway)
{
  g_autoptr (GByteArray) attributes = g_byte_array_new ();
  struct rtnexthop header = { .rtnh_flags = flags, .rtnh_ifindex = interface_index };

  add_address (attributes, RTA_GATEWAY, gateway);
  header.rtnh_len = (guint16) (sizeof header + attributes->len);
  g_byte_array_append (hops, (const guint8 *) &header, sizeof header);
  g_byte_array_append (hops, attributes->data, attributes->len);
}

static GByteArray *
multipath_route_new (void)
{
  GByteArray *payload = route_new (AF_INET, RTN_UNICAST);
  g_autoptr (GByteArray) hops = g_byte_array_new ();

  add_hop (hops, 3, RTNH_F_DEAD, "192.168.1.1");
  add_hop (hops, 4, 0, "192.168.2.1");
  add_hop (hops, 5, 0, "192.168.3.1");
  add (payload, RTA_MULTIPATH, hops->data, hops->len);
  return payload;
}

static void
test_decode_multipath (void)
{
  g_autoptr (GByteArray) payload = multipath_route_new ();
  PlumNetlinkRoute route;

  decode (payload, &route);
  g_assert_cmpuint (route.next_hop.interface_index, ==, 4);
  assert_address (route.next_hop.gateway, AF_INET, "192.168.2.1");
  g_assert_cmpuint (route.n_hop_interfaces, ==, 2);
  g_assert_cmpuint (route.hop_interfaces[0], ==, 4);
  g_assert_cmpuint (route.hop_interfaces[1], ==, 5);
}

static void
test_decode_many_hops (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_INET, RTN_UNICAST);
  struct rtnexthop hops[PLUM_NETLINK_HOPS_MAX + 3] = { 0 };
  PlumNetlinkRoute route;

  for (guint i = 0; i < G_N_ELEMENTS (hops); i++)
    hops[i] = (struct rtnexthop){ .rtnh_len = sizeof *hops, .rtnh_ifindex = 10 + (int) i };
  add (payload, RTA_MULTIPATH, hops, sizeof hops);
  decode (payload, &route);
  g_assert_cmpuint (route.next_hop.interface_index, ==, 10);
  g_assert_cmpuint (route.n_hop_interfaces, ==, PLUM_NETLINK_HOPS_MAX);
  g_assert_cmpuint (route.hop_interfaces[PLUM_NETLINK_HOPS_MAX - 1], ==,
                    10 + PLUM_NETLINK_HOPS_MAX - 1);
}

static void
test_decode_half_of_a_default_route (void)
{
  const struct rtmsg header = { .rtm_family = AF_INET, .rtm_type = RTN_UNICAST, .rtm_dst_len = 1 };
  g_autoptr (GByteArray) payload = message_new (&header, sizeof header);
  PlumNetlinkRoute route;

  add_u32 (payload, RTA_PRIORITY, 600);
  decode (payload, &route);
  g_assert_cmpuint (route.destination_len, ==, 1);
  g_assert_cmpuint (route.priority, ==, 600);
}

static void
test_decode_hop_too_long (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_INET, RTN_UNICAST);
  const struct rtnexthop hop = { .rtnh_len = sizeof hop + 1 };

  add (payload, RTA_MULTIPATH, &hop, sizeof hop);
  assert_malformed (payload);
}

static void
test_decode_hop_without_length (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_INET, RTN_UNICAST);
  const struct rtnexthop hop = { .rtnh_len = 0 };

  add (payload, RTA_MULTIPATH, &hop, sizeof hop);
  assert_malformed (payload);
}

static void
test_decode_big_table (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_INET, RTN_UNICAST);
  PlumNetlinkRoute route;

  add_u32 (payload, RTA_TABLE, 51820);
  decode (payload, &route);
  g_assert_cmpuint (route.table, ==, 51820);
}

static void
test_decode_attribute_without_length (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_INET, RTN_UNICAST);
  const struct rtattr attribute = { .rta_len = 0, .rta_type = RTA_OIF };

  g_byte_array_append (payload, (const guint8 *) &attribute, sizeof attribute);
  assert_malformed (payload);
}

static void
test_decode_attribute_too_long (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_INET, RTN_UNICAST);
  const struct rtattr attribute = { .rta_len = sizeof attribute + 4, .rta_type = RTA_OIF };

  g_byte_array_append (payload, (const guint8 *) &attribute, sizeof attribute);
  assert_malformed (payload);
}

static void
test_decode_gateway_with_wrong_size (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_INET6, RTN_UNICAST);

  add_address (payload, RTA_GATEWAY, "192.168.1.1");
  assert_malformed (payload);
}

static void
test_decode_other_family (void)
{
  g_autoptr (GByteArray) payload = route_new (AF_UNIX, RTN_UNICAST);

  assert_malformed (payload);
}

static GBytes *
link_new (const char *name)
{
  const struct ifinfomsg header = { .ifi_index = 3, .ifi_flags = IFF_UP | IFF_POINTOPOINT };
  GByteArray *payload = message_new (&header, sizeof header);

  add (payload, IFLA_IFNAME, name, strlen (name) + 1);
  return prepend_header (payload, RTM_NEWLINK);
}

static void
read_one (GBytes *bytes, PlumNetlinkMessage *message)
{
  gsize len;
  const guint8 *data = g_bytes_get_data (bytes, &len);
  PlumNetlinkReader reader = PLUM_NETLINK_READER_INIT (data, len);
  g_autoptr (GError) error = NULL;

  g_assert_true (plum_netlink_reader_next (&reader, message, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (reader.len, ==, 0);
}

static void
test_decode_link (void)
{
  g_autoptr (GBytes) bytes = link_new ("wg0");
  PlumNetlinkMessage message;
  PlumNetlinkLink link;
  g_autoptr (GError) error = NULL;

  read_one (bytes, &message);
  g_assert_cmpuint (message.type, ==, RTM_NEWLINK);
  g_assert_cmpuint (message.sequence, ==, 7);
  g_assert_true (plum_netlink_decode_link (&message, &link, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (link.index, ==, 3);
  g_assert_cmpuint (link.flags, ==, IFF_UP | IFF_POINTOPOINT);
  g_assert_cmpstr (link.name, ==, "wg0");
}

static GByteArray *
interface_address_new (guint8 family, guint8 flags)
{
  const struct ifaddrmsg header = {
    .ifa_family = family,
    .ifa_flags = flags,
    .ifa_scope = RT_SCOPE_UNIVERSE,
    .ifa_index = 3,
  };

  return message_new (&header, sizeof header);
}

static gboolean
decode_interface_address (GByteArray *payload, /* (transfer full) */
                          PlumNetlinkAddress *out)
{
  g_autoptr (GBytes) bytes = prepend_header (payload, RTM_NEWADDR);
  g_autoptr (GError) error = NULL;
  PlumNetlinkMessage message;

  read_one (bytes, &message);
  if (plum_netlink_decode_address (&message, out, &error))
    return TRUE;

  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  return FALSE;
}

/* The header contains the first eight flags, the attribute all of them. */
static void
test_decode_interface_address (void)
{
  GByteArray *payload = interface_address_new (AF_INET6, IFA_F_TEMPORARY);
  PlumNetlinkAddress address;

  add_address (payload, IFA_ADDRESS, "2001:db8::2");
  g_assert_true (decode_interface_address (payload, &address));
  g_assert_cmpuint (address.interface_index, ==, 3);
  g_assert_cmpuint (address.flags, ==, IFA_F_TEMPORARY);
  g_assert_cmpuint (address.scope, ==, RT_SCOPE_UNIVERSE);
  assert_address (address.address, AF_INET6, "2001:db8::2");

  payload = interface_address_new (AF_INET6, 0);
  add_address (payload, IFA_ADDRESS, "2001:db8::2");
  add_u32 (payload, IFA_FLAGS, IFA_F_MANAGETEMPADDR | IFA_F_DEPRECATED);
  g_assert_true (decode_interface_address (payload, &address));
  g_assert_cmpuint (address.flags, ==, IFA_F_MANAGETEMPADDR | IFA_F_DEPRECATED);
}

static void
test_decode_interface_address_malformed (void)
{
  PlumNetlinkAddress address;
  GByteArray *payload = interface_address_new (AF_INET, 0);

  add_address (payload, IFA_ADDRESS, "192.0.2.1");
  g_assert_false (decode_interface_address (payload, &address));

  payload = interface_address_new (AF_INET6, 0);
  add_address (payload, IFA_ADDRESS, "192.0.2.1");
  g_assert_false (decode_interface_address (payload, &address));

  /* No address */
  g_assert_false (decode_interface_address (interface_address_new (AF_INET6, 0), &address));
}

static void
test_decode_link_name_too_long (void)
{
  g_autoptr (GBytes) bytes = link_new ("sixteen-letters-");
  PlumNetlinkMessage message;
  PlumNetlinkLink link;
  g_autoptr (GError) error = NULL;

  read_one (bytes, &message);
  g_assert_false (plum_netlink_decode_link (&message, &link, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
}

static void
test_two_messages (void)
{
  g_autoptr (GBytes) first = link_new ("eth0");
  g_autoptr (GBytes) second = prepend_header (gateway_route_new (), RTM_NEWROUTE);
  g_autoptr (GByteArray) both = g_byte_array_new ();
  PlumNetlinkReader reader;
  PlumNetlinkMessage message;
  g_autoptr (GError) error = NULL;

  g_byte_array_append (both, g_bytes_get_data (first, NULL), (guint) g_bytes_get_size (first));
  g_byte_array_append (both, g_bytes_get_data (second, NULL), (guint) g_bytes_get_size (second));
  reader = (PlumNetlinkReader) PLUM_NETLINK_READER_INIT (both->data, both->len);

  g_assert_true (plum_netlink_reader_next (&reader, &message, &error));
  g_assert_cmpuint (message.type, ==, RTM_NEWLINK);
  g_assert_true (plum_netlink_reader_next (&reader, &message, &error));
  g_assert_cmpuint (message.type, ==, RTM_NEWROUTE);
  g_assert_false (plum_netlink_reader_next (&reader, &message, &error));
  g_assert_no_error (error);
}

/* Every truncation must be detected, in a block of the exact size. */
static void
assert_truncations (GBytes *bytes)
{
  gsize len;
  const guint8 *data = g_bytes_get_data (bytes, &len);

  for (gsize n = 1; n < len; n++)
    {
      g_autofree guint8 *block = g_memdup2 (data, n);
      PlumNetlinkReader reader = PLUM_NETLINK_READER_INIT (block, n);
      PlumNetlinkMessage message;
      g_autoptr (GError) error = NULL;

      g_assert_false (plum_netlink_reader_next (&reader, &message, &error));
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      g_assert_false (plum_netlink_reader_next (&reader, &message, NULL));
    }
}

/* Truncates the payload of a message with a valid length. No byte past the payload may be read, and
 * only an end between two attributes is valid. */
static void
assert_payload_truncations (GByteArray *payload)
{
  for (gsize n = 0; n < payload->len; n++)
    {
      g_autofree guint8 *block = g_memdup2 (payload->data, n);
      PlumNetlinkMessage message = { .payload = block, .payload_len = n };
      PlumNetlinkRoute route;
      PlumNetlinkLink link;
      gboolean decoded = plum_netlink_decode_route (&message, &route, NULL);

      g_assert_true (!decoded || n % 4 == 0);
      if (n < sizeof (struct ifinfomsg))
        g_assert_false (plum_netlink_decode_link (&message, &link, NULL));
    }
}

static void
test_truncations (void)
{
  g_autoptr (GBytes) link = link_new ("eth0");
  g_autoptr (GBytes) route = prepend_header (multipath_route_new (), RTM_NEWROUTE);
  g_autoptr (GByteArray) gateway_payload = gateway_route_new ();
  g_autoptr (GByteArray) multipath_payload = multipath_route_new ();

  assert_truncations (link);
  assert_truncations (route);
  assert_payload_truncations (gateway_payload);
  assert_payload_truncations (multipath_payload);
}

static void
test_random_payloads (void)
{
  g_autoptr (GByteArray) payload = multipath_route_new ();

  for (guint i = 0; i < 20000; i++)
    {
      g_autofree guint8 *block = g_memdup2 (payload->data, payload->len);
      PlumNetlinkMessage message = { .payload = block, .payload_len = payload->len };
      PlumNetlinkRoute route = { .family = -1 };

      block[g_test_rand_int_range (0, (gint32) payload->len)] = (guint8) g_test_rand_int ();
      block[g_test_rand_int_range (0, (gint32) payload->len)] = (guint8) g_test_rand_int ();
      if (plum_netlink_decode_route (&message, &route, NULL))
        g_assert_true (route.family == AF_INET || route.family == AF_INET6);
      else
        g_assert_cmpint (route.family, ==, -1);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/netlink/gateway", test_decode_gateway);
  g_test_add_func ("/netlink/ipv6", test_decode_ipv6);
  g_test_add_func ("/netlink/on-link", test_decode_on_link);
  g_test_add_func ("/netlink/via", test_decode_via);
  g_test_add_func ("/netlink/multipath", test_decode_multipath);
  g_test_add_func ("/netlink/many-hops", test_decode_many_hops);
  g_test_add_func ("/netlink/half-of-a-default-route", test_decode_half_of_a_default_route);
  g_test_add_func ("/netlink/hop-too-long", test_decode_hop_too_long);
  g_test_add_func ("/netlink/hop-without-length", test_decode_hop_without_length);
  g_test_add_func ("/netlink/big-table", test_decode_big_table);
  g_test_add_func ("/netlink/attribute-without-length", test_decode_attribute_without_length);
  g_test_add_func ("/netlink/attribute-too-long", test_decode_attribute_too_long);
  g_test_add_func ("/netlink/gateway-with-wrong-size", test_decode_gateway_with_wrong_size);
  g_test_add_func ("/netlink/other-family", test_decode_other_family);
  g_test_add_func ("/netlink/link", test_decode_link);
  g_test_add_func ("/netlink/interface-address", test_decode_interface_address);
  g_test_add_func ("/netlink/interface-address-malformed", test_decode_interface_address_malformed);
  g_test_add_func ("/netlink/link-name-too-long", test_decode_link_name_too_long);
  g_test_add_func ("/netlink/two-messages", test_two_messages);
  g_test_add_func ("/netlink/truncations", test_truncations);
  g_test_add_func ("/netlink/random-payloads", test_random_payloads);

  return g_test_run ();
}

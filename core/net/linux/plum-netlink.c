/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-netlink-private.h"

#include <glib/gi18n-lib.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

/* Attributes and messages are aligned to four bytes (netlink(7)). */
#define ALIGNED(n) (((n) + 3) & ~(gsize) 3)

/* The highest errno that the kernel reports. */
#define MAX_ERRNO 4095

G_STATIC_ASSERT (PLUM_NETLINK_NAME_SIZE == IFNAMSIZ);

/* Bytes that have not been read yet. */
typedef struct
{
  const guint8 *data;
  gsize len;
} Span;

typedef struct
{
  guint16 type;
  Span value;
} Attribute;

static void
span_skip (Span *span, gsize n)
{
  n = MIN (n, span->len);
  span->data += n;
  span->len -= n;
}

/* Copies each byte, because the data may not be aligned. */
static gboolean
span_read (Span *span, gpointer out, gsize n)
{
  guint8 *to = out;

  if (n > span->len)
    return FALSE;

  for (gsize i = 0; i < n; i++)
    to[i] = span->data[i];
  span_skip (span, n);
  return TRUE;
}

static gboolean
set_malformed (GError **error, const char *what, gsize len)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
               /* Translators: a part of a message of the kernel, and its size. */
               g_dngettext (GETTEXT_PACKAGE, "Invalid or truncated netlink %s (%u byte)",
                            "Invalid or truncated netlink %s (%u bytes)", len),
               what, (guint) len);
  return FALSE;
}

/* Returns FALSE without an error at the end. */
static gboolean
next_attribute (Span *rest, Attribute *out, GError **error)
{
  struct rtattr header;
  Span at = *rest;

  if (rest->len == 0)
    return FALSE;
  if (!span_read (&at, &header, sizeof header) || header.rta_len < sizeof header ||
      header.rta_len > rest->len)
    return set_malformed (error, C_ ("netlink", "attribute"), rest->len);

  out->type = header.rta_type & NLA_TYPE_MASK;
  out->value = (Span){ at.data, header.rta_len - sizeof header };
  span_skip (rest, ALIGNED (header.rta_len));
  return TRUE;
}

static gsize
get_address_size (int family)
{
  return family == AF_INET ? 4 : 16;
}

static gboolean
read_u32 (const Attribute *attribute, guint *out, GError **error)
{
  Span value = attribute->value;
  guint32 number;

  if (value.len != sizeof number || !span_read (&value, &number, sizeof number))
    return set_malformed (error, C_ ("netlink", "number"), value.len);
  *out = number;
  return TRUE;
}

static gboolean
read_address (Span value, int family, guint8 *out, GError **error)
{
  if (value.len != get_address_size (family) || !span_read (&value, out, value.len))
    return set_malformed (error, C_ ("netlink", "address"), value.len);
  return TRUE;
}

/* RTA_VIA: a gateway whose family may differ from that of the route. */
static gboolean
read_via (Span value, PlumNetlinkNextHop *hop, GError **error)
{
  guint16 family;

  if (!span_read (&value, &family, sizeof family) || (family != AF_INET && family != AF_INET6))
    return set_malformed (error, C_ ("netlink", "gateway"), value.len);
  if (!read_address (value, family, hop->gateway, error))
    return FALSE;
  hop->gateway_family = family;
  return TRUE;
}

static gboolean
read_gateway (const Attribute *attribute, int family, PlumNetlinkNextHop *hop, GError **error)
{
  if (attribute->type == RTA_VIA)
    return read_via (attribute->value, hop, error);
  if (!read_address (attribute->value, family, hop->gateway, error))
    return FALSE;
  hop->gateway_family = family;
  return TRUE;
}

/* Reads one struct rtnexthop with its attributes. */
static gboolean
read_next_hop (
  Span *rest, int family, struct rtnexthop *header, PlumNetlinkNextHop *hop, GError **error)
{
  Span at = *rest;
  Span attributes;
  Attribute attribute;
  g_autoptr (GError) local = NULL;

  if (!span_read (&at, header, sizeof *header) || header->rtnh_len < sizeof *header ||
      header->rtnh_len > rest->len)
    return set_malformed (error, C_ ("netlink", "next hop"), rest->len);

  attributes = (Span){ at.data, header->rtnh_len - sizeof *header };
  while (local == NULL && next_attribute (&attributes, &attribute, &local))
    {
      if (attribute.type == RTA_GATEWAY || attribute.type == RTA_VIA)
        read_gateway (&attribute, family, hop, &local);
    }
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  hop->interface_index = (guint) header->rtnh_ifindex;
  span_skip (rest, ALIGNED (header->rtnh_len));
  return TRUE;
}

/* Reads all next hops, so that malformed ones are detected, and uses the first usable one. */
static gboolean
read_multipath (Span rest, PlumNetlinkRoute *route, GError **error)
{
  while (rest.len > 0)
    {
      struct rtnexthop header;
      PlumNetlinkNextHop hop = { 0 };

      if (!read_next_hop (&rest, route->family, &header, &hop, error))
        return FALSE;
      if ((header.rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) != 0)
        continue;
      if (route->n_hop_interfaces == 0)
        route->next_hop = hop;
      if (route->n_hop_interfaces < PLUM_NETLINK_HOPS_MAX)
        route->hop_interfaces[route->n_hop_interfaces++] = hop.interface_index;
    }
  return TRUE;
}

static gboolean
read_route_attribute (const Attribute *attribute, PlumNetlinkRoute *route, GError **error)
{
  switch (attribute->type)
    {
    case RTA_OIF:
      return read_u32 (attribute, &route->next_hop.interface_index, error);

    case RTA_TABLE:
      return read_u32 (attribute, &route->table, error);

    case RTA_GATEWAY:
    case RTA_VIA:
      return read_gateway (attribute, route->family, &route->next_hop, error);

    case RTA_MULTIPATH:
      return read_multipath (attribute->value, route, error);

    case RTA_PRIORITY:
      return read_u32 (attribute, &route->priority, error);

    case RTA_PREFSRC:
      route->has_source = TRUE;
      return read_address (attribute->value, route->family, route->source, error);

    default:
      return TRUE;
    }
}

gboolean
plum_netlink_reader_next (PlumNetlinkReader *reader, PlumNetlinkMessage *out, GError **error)
{
  Span rest = { reader->data, reader->len };
  Span at = rest;
  struct nlmsghdr header;

  if (rest.len == 0)
    return FALSE;
  if (!span_read (&at, &header, sizeof header) || header.nlmsg_len < sizeof header ||
      header.nlmsg_len > rest.len)
    {
      /* Iteration after an error must terminate. */
      reader->len = 0;
      return set_malformed (error, C_ ("netlink", "message"), rest.len);
    }

  *out = (PlumNetlinkMessage){
    .type = header.nlmsg_type,
    .flags = header.nlmsg_flags,
    .sequence = header.nlmsg_seq,
    .payload = at.data,
    .payload_len = header.nlmsg_len - sizeof header,
  };
  span_skip (&rest, ALIGNED ((gsize) header.nlmsg_len));
  reader->data = rest.data;
  reader->len = rest.len;
  return TRUE;
}

/* Decodes the errno of an NLMSG_ERROR. 0 is an acknowledgement. */
gboolean
plum_netlink_decode_error (const PlumNetlinkMessage *message, int *out, GError **error)
{
  Span span = { message->payload, message->payload_len };
  gint32 code;

  if (!span_read (&span, &code, sizeof code) || code > 0 || code < -MAX_ERRNO)
    return set_malformed (error, C_ ("netlink", "error"), span.len);
  *out = -code;
  return TRUE;
}

gboolean
plum_netlink_decode_route (const PlumNetlinkMessage *message, PlumNetlinkRoute *out, GError **error)
{
  Span span = { message->payload, message->payload_len };
  struct rtmsg header;
  PlumNetlinkRoute route = { 0 };
  Attribute attribute;
  g_autoptr (GError) local = NULL;

  if (!span_read (&span, &header, sizeof header))
    return set_malformed (error, C_ ("netlink", "route"), span.len);
  if (header.rtm_family != AF_INET && header.rtm_family != AF_INET6)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
                   _ ("Invalid family %u of a netlink route; expected %d or %d"), header.rtm_family,
                   AF_INET, AF_INET6);
      return FALSE;
    }

  route.family = header.rtm_family;
  route.type = header.rtm_type;
  route.table = header.rtm_table;
  route.flags = header.rtm_flags;
  route.destination_len = header.rtm_dst_len;

  while (local == NULL && next_attribute (&span, &attribute, &local))
    read_route_attribute (&attribute, &route, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  *out = route;
  return TRUE;
}

static gboolean
read_name (Span value, char *out, GError **error)
{
  if (value.len == 0 || value.len > PLUM_NETLINK_NAME_SIZE || value.data[value.len - 1] != '\0')
    return set_malformed (error, C_ ("netlink", "name"), value.len);
  return span_read (&value, out, value.len);
}

gboolean
plum_netlink_decode_link (const PlumNetlinkMessage *message, PlumNetlinkLink *out, GError **error)
{
  Span span = { message->payload, message->payload_len };
  struct ifinfomsg header;
  PlumNetlinkLink link = { 0 };
  Attribute attribute;
  g_autoptr (GError) local = NULL;

  if (!span_read (&span, &header, sizeof header))
    return set_malformed (error, C_ ("netlink", "link"), span.len);

  link.index = (guint) header.ifi_index;
  link.flags = header.ifi_flags;

  while (local == NULL && next_attribute (&span, &attribute, &local))
    {
      if (attribute.type == IFLA_IFNAME)
        read_name (attribute.value, link.name, &local);
    }
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  *out = link;
  return TRUE;
}

static gboolean
read_address_attribute (const Attribute *attribute,
                        PlumNetlinkAddress *address,
                        gboolean *found,
                        GError **error)
{
  switch (attribute->type)
    {
    /* The flags in the header are limited to eight bits. */
    case IFA_FLAGS:
      return read_u32 (attribute, &address->flags, error);

    case IFA_ADDRESS:
      *found = TRUE;
      return read_address (attribute->value, AF_INET6, address->address, error);

    default:
      return TRUE;
    }
}

gboolean
plum_netlink_decode_address (const PlumNetlinkMessage *message,
                             PlumNetlinkAddress *out,
                             GError **error)
{
  Span span = { message->payload, message->payload_len };
  struct ifaddrmsg header;
  PlumNetlinkAddress address = { 0 };
  gboolean found = FALSE;
  Attribute attribute;
  g_autoptr (GError) local = NULL;

  if (!span_read (&span, &header, sizeof header) || header.ifa_family != AF_INET6)
    return set_malformed (error, C_ ("netlink", "address of an interface"), span.len);

  address.interface_index = header.ifa_index;
  address.flags = header.ifa_flags;
  address.scope = header.ifa_scope;

  while (local == NULL && next_attribute (&span, &attribute, &local))
    read_address_attribute (&attribute, &address, &found, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (!found)
    return set_malformed (error, C_ ("netlink", "address of an interface"), message->payload_len);

  *out = address;
  return TRUE;
}

static void
append_padded (GByteArray *array, gconstpointer data, gsize len)
{
  static const guint8 zeros[3] = { 0 };

  g_byte_array_append (array, data, (guint) len);
  g_byte_array_append (array, zeros, (guint) (ALIGNED (array->len) - array->len));
}

static void
append_attribute (GByteArray *array, guint16 type, gconstpointer value, gsize len)
{
  const struct rtattr header = { .rta_len = (guint16) (sizeof header + len), .rta_type = type };

  append_padded (array, &header, sizeof header);
  append_padded (array, value, len);
}

/* Prepends the message header to a payload. (transfer full) */
static GByteArray *
prepend_header (GByteArray *payload, guint16 type, guint16 flags, guint32 sequence)
{
  const struct nlmsghdr header = {
    .nlmsg_len = (guint32) sizeof header + payload->len,
    .nlmsg_type = type,
    .nlmsg_flags = NLM_F_REQUEST | flags,
    .nlmsg_seq = sequence,
  };

  return g_byte_array_prepend (payload, (const guint8 *) &header, sizeof header);
}

GByteArray *
plum_netlink_encode_get_route (
  guint32 sequence, int family, const guint8 *destination, guint interface_index, guint flags)
{
  GByteArray *payload = g_byte_array_new ();
  const gsize size = get_address_size (family);
  const struct rtmsg header = {
    .rtm_family = (guint8) family,
    .rtm_dst_len = (guint8) (size * 8),
    .rtm_flags = flags,
  };
  const guint32 index = interface_index;

  append_padded (payload, &header, sizeof header);
  append_attribute (payload, RTA_DST, destination, size);
  if (index != 0)
    append_attribute (payload, RTA_OIF, &index, sizeof index);
  return prepend_header (payload, RTM_GETROUTE, 0, sequence);
}

GByteArray *
plum_netlink_encode_get_link (guint32 sequence, guint interface_index, const char *name)
{
  GByteArray *payload = g_byte_array_new ();
  const struct ifinfomsg header = { .ifi_index = (int) interface_index };
  const guint32 filter = RTEXT_FILTER_SKIP_STATS;

  append_padded (payload, &header, sizeof header);
  if (interface_index == 0)
    append_attribute (payload, IFLA_IFNAME, name, strlen (name) + 1);
  append_attribute (payload, IFLA_EXT_MASK, &filter, sizeof filter);
  return prepend_header (payload, RTM_GETLINK, 0, sequence);
}

GByteArray *
plum_netlink_encode_dump_addresses (guint32 sequence)
{
  GByteArray *payload = g_byte_array_new ();
  const struct ifaddrmsg header = { .ifa_family = AF_INET6 };

  append_padded (payload, &header, sizeof header);
  return prepend_header (payload, RTM_GETADDR, NLM_F_DUMP, sequence);
}

GByteArray *
plum_netlink_encode_dump_routes (guint32 sequence, int family)
{
  GByteArray *payload = g_byte_array_new ();
  const struct rtmsg header = { .rtm_family = (guint8) family };

  append_padded (payload, &header, sizeof header);
  return prepend_header (payload, RTM_GETROUTE, NLM_F_DUMP, sequence);
}

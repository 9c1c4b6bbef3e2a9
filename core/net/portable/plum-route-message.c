/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-message-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* msglen, version and type. */
#define PREFIX_SIZE 4

#define INET_FAMILY 2
#define LINK_FAMILY 18

/* The bits of rtm_addrs, in the order of the addresses (route(4)). */
typedef enum {
  ADDRESS_DESTINATION,
  ADDRESS_GATEWAY,
  ADDRESS_NETMASK,
  ADDRESS_LAST,
} AddressKind;

/* struct sockaddr: a length and a family of 8 bits each. */
#define FAMILY_OFFSET 1
#define INET_OFFSET 4  /* of the address in struct sockaddr_in */
#define INET6_OFFSET 8 /* of the address in struct sockaddr_in6 */

/* struct sockaddr_dl: the name and the address of the link follow. */
#define LINK_NAME_LEN_OFFSET 5
#define LINK_ADDRESS_LEN_OFFSET 6
#define LINK_DATA_OFFSET 8

const PlumRouteLayout plum_route_layout_freebsd = {
  .version = 5,
  .index = 4,
  .flags = 8,
  .addrs = 12,
  .size = 152,
  .alignment = 8,
  .inet6 = 28,
};

const PlumRouteLayout plum_route_layout_openbsd = {
  .version = 5,
  .header_len = 4,
  .index = 6,
  .priority = 10,
  .addrs = 12,
  .flags = 16,
  .size = 96,
  .alignment = 8,
  .inet6 = 24,
};

const PlumRouteLayout plum_route_layout_macos = {
  .version = 5,
  .index = 4,
  .flags = 8,
  .addrs = 12,
  .size = 92,
  .alignment = 4,
  .inet6 = 30,
  .scoped = 0x1000000,
};

/* One address of a message; data: NULL if the message does not have it. */
typedef struct
{
  const guint8 *data;
  gsize len; /* may be shorter than the struct of its family */
} Address;

static guint16
read_u16 (const guint8 *data)
{
  guint16 number;

  memcpy (&number, data, sizeof number);
  return number;
}

static guint32
read_u32 (const guint8 *data)
{
  guint32 number;

  memcpy (&number, data, sizeof number);
  return number;
}

static gboolean
set_malformed (GError **error, const char *what, gsize len)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
               /* Translators: a part of a message of the kernel, and its size. */
               g_dngettext (GETTEXT_PACKAGE, "Invalid or truncated routing %s (%u byte)",
                            "Invalid or truncated routing %s (%u bytes)", len),
               what, (guint) len);
  return FALSE;
}

static guint
address_get_family (const Address *address)
{
  return address->len > FAMILY_OFFSET ? address->data[FAMILY_OFFSET] : 0;
}

/* Copies what there is of size bytes at offset; the rest is zero, because the systems omit zeros at
 * the end. */
static void
address_copy (const Address *address, gsize offset, guint8 *out, gsize size)
{
  memset (out, 0, size);
  if (address->len > offset)
    memcpy (out, address->data + offset, MIN (size, address->len - offset));
}

/* Splits the addresses behind the header. An address without a length takes up one unit. */
static gboolean
split_addresses (const PlumRouteLayout *layout,
                 const guint8 *data,
                 gsize len,
                 guint32 present,
                 Address addresses[ADDRESS_LAST],
                 GError **error)
{
  gsize at = 0;

  for (guint i = 0; i < ADDRESS_LAST; i++)
    {
      gsize size;

      addresses[i] = (Address){ NULL, 0 };
      if ((present & (1u << i)) == 0)
        continue;
      if (at >= len)
        return set_malformed (error, C_ ("netlink", "address"), 0);

      size = data[at];
      if (size > len - at)
        return set_malformed (error, C_ ("netlink", "address"), len - at);
      addresses[i] = (Address){ data + at, size };
      /* The last address need not be padded. */
      at += MAX (size + (layout->alignment - size % layout->alignment) % layout->alignment,
                 layout->alignment);
    }

  return TRUE;
}

static GSocketFamily
to_family (const PlumRouteLayout *layout, guint family)
{
  if (family == INET_FAMILY)
    return G_SOCKET_FAMILY_IPV4;
  return family == layout->inet6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_INVALID;
}

static gsize
family_get_offset (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV4 ? INET_OFFSET : INET6_OFFSET;
}

static gsize
family_get_size (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV4 ? 4 : 16;
}

/* Kernels that descend from KAME store the index of the interface in a link-local address. */
static void
remove_embedded_scope (GSocketFamily family, guint8 *address)
{
  if (family == G_SOCKET_FAMILY_IPV6 && address[0] == 0xfe && (address[1] & 0xc0) == 0x80)
    address[2] = address[3] = 0;
}

/* A mask has no reliable family. */
static gboolean
read_prefix_len (const Address *mask, GSocketFamily family, guint *out, GError **error)
{
  guint8 bytes[PLUM_ROUTE_ADDRESS_SIZE];
  const gsize size = family_get_size (family);
  guint n = 0;

  address_copy (mask, family_get_offset (family), bytes, size);
  while (n < size * 8 && (bytes[n / 8] & (0x80 >> n % 8)) != 0)
    n++;
  for (guint i = n; i < size * 8; i++)
    if ((bytes[i / 8] & (0x80 >> i % 8)) != 0)
      return set_malformed (error, C_ ("netlink", "mask"), mask->len);

  *out = n;
  return TRUE;
}

static void
read_link_address (const Address *gateway, PlumRouteMessage *out)
{
  gsize offset;

  if (gateway->len < LINK_DATA_OFFSET ||
      gateway->data[LINK_ADDRESS_LEN_OFFSET] != PLUM_ROUTE_LINK_SIZE)
    return;

  offset = LINK_DATA_OFFSET + (gsize) gateway->data[LINK_NAME_LEN_OFFSET];
  if (offset + PLUM_ROUTE_LINK_SIZE > gateway->len)
    return;

  out->has_link_address = TRUE;
  memcpy (out->link_address, gateway->data + offset, PLUM_ROUTE_LINK_SIZE);
}

static void
read_gateway (const PlumRouteLayout *layout, const Address *gateway, PlumRouteMessage *out)
{
  const guint family = address_get_family (gateway);

  if (family == LINK_FAMILY)
    read_link_address (gateway, out);
  if (to_family (layout, family) != out->family)
    return;

  out->has_gateway = TRUE;
  address_copy (gateway, family_get_offset (out->family), out->gateway,
                family_get_size (out->family));
  remove_embedded_scope (out->family, out->gateway);
}

static gboolean
read_addresses (const PlumRouteLayout *layout,
                const Address addresses[ADDRESS_LAST],
                PlumRouteMessage *out,
                GError **error)
{
  const Address *destination = &addresses[ADDRESS_DESTINATION];
  const Address *mask = &addresses[ADDRESS_NETMASK];

  out->family = to_family (layout, address_get_family (destination));
  if (out->family == G_SOCKET_FAMILY_INVALID)
    return TRUE;

  address_copy (destination, family_get_offset (out->family), out->destination,
                family_get_size (out->family));
  remove_embedded_scope (out->family, out->destination);
  read_gateway (layout, &addresses[ADDRESS_GATEWAY], out);

  if ((out->flags & PLUM_ROUTE_FLAG_HOST) != 0 || mask->data == NULL)
    {
      static const guint8 zeros[PLUM_ROUTE_ADDRESS_SIZE];
      const gsize size = family_get_size (out->family);

      /* FreeBSD omits the mask of some default routes. */
      out->prefix_len =
        (out->flags & PLUM_ROUTE_FLAG_HOST) == 0 && memcmp (out->destination, zeros, size) == 0
          ? 0
          : (guint) size * 8;
      return TRUE;
    }

  return read_prefix_len (mask, out->family, &out->prefix_len, error);
}

static gboolean
is_route (guint type)
{
  return type >= PLUM_ROUTE_ADD && type <= PLUM_ROUTE_GET;
}

static gboolean
read_route (const PlumRouteLayout *layout,
            const guint8 *data,
            gsize len,
            PlumRouteMessage *out,
            GError **error)
{
  Address addresses[ADDRESS_LAST];
  gsize header;

  if (len < layout->size)
    return set_malformed (error, C_ ("netlink", "message"), len);

  header = layout->header_len != 0 ? read_u16 (data + layout->header_len) : layout->size;
  if (header < layout->size || header > len)
    return set_malformed (error, C_ ("netlink", "header"), header);

  out->interface_index = read_u16 (data + layout->index);
  out->flags = read_u32 (data + layout->flags);
  out->is_scoped = (out->flags & layout->scoped) != 0;
  out->priority = layout->priority != 0 ? data[layout->priority] : 0;
  return split_addresses (layout, data + header, len - header, read_u32 (data + layout->addrs),
                          addresses, error) &&
         read_addresses (layout, addresses, out, error);
}

gboolean
plum_route_message_next (const PlumRouteLayout *layout,
                         const guint8 *data,
                         gsize len,
                         gsize *offset,
                         PlumRouteMessage *out,
                         GError **error)
{
  PlumRouteMessage message = { 0 };
  const guint8 *at = data + *offset;
  gsize size;

  if (*offset == len)
    return FALSE;
  if (len - *offset < PREFIX_SIZE)
    return set_malformed (error, C_ ("netlink", "message"), len - *offset);

  size = read_u16 (at);
  if (size < PREFIX_SIZE || size > len - *offset)
    return set_malformed (error, C_ ("netlink", "message"), len - *offset);

  /* Messages of another version cannot be understood, but skipped (route(4)). */
  message.type = at[2] == layout->version ? at[3] : 0;
  if (is_route (message.type) && !read_route (layout, at, size, &message, error))
    return FALSE;

  *offset += size;
  *out = message;
  return TRUE;
}

/* Routes to single hosts are added for each neighbour, and the system reports the lookups of
 * programs. */
gboolean
plum_route_message_matters (const PlumRouteMessage *self)
{
  switch (self->type)
    {
    case PLUM_ROUTE_ADD:
    case PLUM_ROUTE_DELETE:
    case PLUM_ROUTE_CHANGE:
      return (self->flags & (PLUM_ROUTE_FLAG_HOST | PLUM_ROUTE_FLAG_LINK_LAYER)) == 0;

    case PLUM_ROUTE_NEW_ADDRESS:
    case PLUM_ROUTE_DELETE_ADDRESS:
    case PLUM_ROUTE_LINK:
      return TRUE;

    case PLUM_ROUTE_GET:
    default:
      return FALSE;
    }
}

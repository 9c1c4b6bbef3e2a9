/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mask.h"

#include "mask-text.h"

#include <string.h>

#define PCP_VERSION 2
#define PCP_ANSWER 0x80
#define PCP_HEADER_SIZE 24
#define PCP_OPTION_THIRD_PARTY 1
#define PCP_OPTION_FILTER 3

/* Returns: (transfer full): @address itself if it need not be masked. */
GInetAddress *
mask_address (GInetAddress *address)
{
  g_autofree char *text = g_inet_address_to_string (address);

  if (mask_text_is_private (address))
    return g_object_ref (address);

  mask_text_in_place (text, strlen (text));
  return g_inet_address_new_from_string (text);
}

char *
mask_text (const char *text)
{
  char *masked = g_strdup (text);

  mask_text_in_place (masked, strlen (masked));
  return masked;
}

/* Replaces the bytes of @address in place. */
static void
mask_binary (char *data, size_t length, GInetAddress *address)
{
  g_autoptr (GInetAddress) new_text = mask_address (address);
  const guint8 *old_bytes = g_inet_address_to_bytes (address);
  const guint8 *new_bytes = g_inet_address_to_bytes (new_text);
  size_t size = g_inet_address_get_native_size (address);

  for (size_t i = 0; length >= size && i <= length - size; i++)
    if (memcmp (data + i, old_bytes, size) == 0)
      for (size_t j = 0; j < size; j++)
        data[i + j] = (char) new_bytes[j];
}

/* The start of an IPv4-mapped address (RFC 4291 2.5.5.2), or the end of that: an echoed request may
 * have been overwritten in part. */
static const char mapped_prefix[6] = { 0, 0, 0, 0, (char) 0xff, (char) 0xff };

/* Replaces the IPv4 address at @offset in place. */
static void
mask_ipv4_field (char *data, size_t length, size_t offset)
{
  g_autoptr (GInetAddress) address = NULL;

  if (length < offset + 4)
    return;

  address = g_inet_address_new_from_bytes ((const guint8 *) data + offset, G_SOCKET_FAMILY_IPV4);
  mask_binary (data + offset, 4, address);
}

/* Replaces the IPv6 address at @offset in place, also one that was cut off. */
static void
mask_ipv6_field (char *data, size_t length, size_t offset)
{
  guint8 bytes[16] = { 0 };
  size_t size = MIN (length - MIN (length, offset), sizeof bytes);
  g_autoptr (GInetAddress) address = NULL;

  for (size_t i = 0; i < size; i++)
    bytes[i] = (guint8) data[offset + i];
  address = g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV6);
  if (mask_text_is_private (address))
    return;

  /* Like the text: the first group is kept. */
  for (size_t i = 2; i < size && memcmp (bytes, "\0\0\0\0", 4) != 0; i++)
    data[offset + i] = 0;
}

static void
mask_mapped (char *data, size_t length)
{
  for (size_t i = 0; i + sizeof mapped_prefix < length; i++)
    if (memcmp (data + i, mapped_prefix, sizeof mapped_prefix) == 0)
      mask_ipv4_field (data, length, i + sizeof mapped_prefix);
}

/* The options after the data of an opcode (RFC 6887 7.3, 13.1, 13.3). */
static void
mask_pcp_options (char *data, size_t length, size_t offset)
{
  while (offset + 4 <= length)
    {
      size_t size = (size_t) (guint8) data[offset + 2] << 8 | (guint8) data[offset + 3];

      if (data[offset] == PCP_OPTION_THIRD_PARTY)
        mask_ipv6_field (data, length, offset + 4);
      else if (data[offset] == PCP_OPTION_FILTER)
        mask_ipv6_field (data, length, offset + 8);
      offset += 4 + (size + 3) / 4 * 4;
    }
}

/* RFC 6887 7.1, 7.2, 11.1, 12.1. */
static void
mask_pcp (char *data, size_t length)
{
  static const size_t data_sizes[] = { 0, 36, 56 }; /* ANNOUNCE, MAP, PEER */
  guint opcode = (guint8) data[1] & (guint) ~PCP_ANSWER;

  /* The reserved field of an answer must be 0, but some servers copy the request. */
  if ((data[1] & PCP_ANSWER) == 0)
    mask_ipv6_field (data, length, 8);
  else
    for (size_t i = 12; i < MIN (length, PCP_HEADER_SIZE - 4); i++)
      data[i] = 0;

  if (opcode == 1 || opcode == 2)
    mask_ipv6_field (data, length, 44);
  if (opcode == 2)
    mask_ipv6_field (data, length, 64);
  if (opcode < G_N_ELEMENTS (data_sizes))
    mask_pcp_options (data, length, PCP_HEADER_SIZE + data_sizes[opcode]);
}

/* The address fields of PCP and NAT-PMP (RFC 6886 3.2). */
static void
mask_fields (char *data, size_t length)
{
  mask_mapped (data, length);
  if (data[0] == PCP_VERSION)
    mask_pcp (data, length);
  else if (data[0] == 0 && (guint8) data[1] == 0x80)
    mask_ipv4_field (data, length, 8);
}

/* @addresses: addresses that binary packets may contain in other places. */
GBytes *
mask_bytes (GBytes *bytes, GPtrArray *addresses)
{
  size_t length;
  const char *data = g_bytes_get_data (bytes, &length);
  char *masked = g_memdup2 (data, length);

  /* SSDP and HTTP contain no zero bytes, or only as padding; PCP and NAT-PMP always contain one. */
  mask_text_in_place (masked, length);
  if (length >= 2 && memchr (data, 0, length) != NULL)
    {
      mask_fields (masked, length);
      for (guint i = 0; i < addresses->len; i++)
        mask_binary (masked, length, addresses->pdata[i]);
    }

  return g_bytes_new_take (masked, length);
}

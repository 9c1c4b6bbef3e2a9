/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Serial numbers, names of devices (UDN), and MAC addresses. A digit of a name is kept, so that the
 * devices of a router remain distinct, and the first half of a MAC address, which is that of the
 * manufacturer. */

#include "mask-identifiers.h"

#include <string.h>

#define MAC_GROUPS 6
#define MAC_DIGITS 12
#define ID_MIN 6 /* characters; shorter parts of a name are words and versions */

static const char uuid_shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

#define UUID_LENGTH (sizeof uuid_shape - 1)
#define UUID_FIRST_KEPT 7

static gboolean
is_word (const MaskChars *chars, size_t i)
{
  return g_ascii_isalnum (mask_chars_at (chars, i));
}

/* Also of what was taken for an address: “0123456789ab::” in a USN. */
static gboolean
is_xdigit (const MaskChars *chars, size_t i)
{
  return g_ascii_isxdigit (mask_chars_at (chars, i));
}

static void
put_zeros (MaskChars *chars, size_t start, size_t end)
{
  for (size_t i = start; i < end; i++)
    mask_chars_put (chars, i, '0');
}

/* --- Names of devices (UPnP Device Architecture 2.0, 1.1.4) --- */

static size_t
mask_uuid (MaskChars *chars, size_t start)
{
  for (size_t i = 0; i < UUID_LENGTH; i++)
    if (uuid_shape[i] == 'x' ? !is_xdigit (chars, start + i)
                             : mask_chars_at (chars, start + i) != uuid_shape[i])
      return start;
  if (is_word (chars, start + UUID_LENGTH))
    return start;

  for (size_t i = 0; i < UUID_LENGTH - 1; i++)
    if (uuid_shape[i] == 'x' && i != UUID_FIRST_KEPT)
      mask_chars_put (chars, start + i, '0');
  return start + UUID_LENGTH;
}

/* Letters and digits with a digit among them. */
static size_t
mask_part_of_name (MaskChars *chars, size_t start)
{
  size_t end = start;
  gboolean has_digit = FALSE;

  for (; is_word (chars, end); end++)
    has_digit = has_digit || g_ascii_isdigit (mask_chars_at (chars, end));
  if (has_digit && end - start >= ID_MIN)
    put_zeros (chars, start, end - 1);
  return end;
}

/* "uuid:" and a name of any form, such as "uuid:upnp-InternetGatewayDevice-1_0-001122334455". */
static size_t
mask_device_name (MaskChars *chars, size_t start)
{
  size_t i = start + strlen ("uuid:");
  size_t end;

  if (!mask_chars_has (chars, start, "uuid:"))
    return start;

  end = mask_uuid (chars, i);
  if (end > i)
    return end;
  while (is_word (chars, i) ||
         (mask_chars_at (chars, i) != '\0' && strchr ("-_.", mask_chars_at (chars, i)) != NULL))
    i = is_word (chars, i) ? mask_part_of_name (chars, i) : i + 1;
  return i;
}

/* --- MAC addresses --- */

/* 00:11:22:33:44:55, 00-11-22-33-44-55 */
static size_t
mask_mac (MaskChars *chars, size_t start)
{
  char separator = mask_chars_at (chars, start + 2);
  size_t end = start;

  if (separator != ':' && separator != '-')
    return start;
  for (guint i = 0; i < MAC_GROUPS; i++, end += 3)
    if (!mask_chars_is_xdigit (chars, end) || !mask_chars_is_xdigit (chars, end + 1) ||
        (i < MAC_GROUPS - 1 && mask_chars_at (chars, end + 2) != separator))
      return start;
  end--;
  if (is_word (chars, end))
    return start;

  for (size_t i = start + 9; i < end; i++)
    if (mask_chars_at (chars, i) != separator)
      mask_chars_put (chars, i, '0');
  return end;
}

/* 001122aabbcc */
static size_t
mask_plain_mac (MaskChars *chars, size_t start)
{
  gboolean has_digit = FALSE;
  size_t end = start;

  for (; is_xdigit (chars, end); end++)
    has_digit = has_digit || g_ascii_isdigit (mask_chars_at (chars, end));
  if (end - start != MAC_DIGITS || !has_digit || is_word (chars, end))
    return end;

  put_zeros (chars, start + MAC_DIGITS / 2, end);
  return end;
}

/* --- Serial numbers (UPnP Device Architecture 2.0, 2.3) --- */

/* The end of the start tag of the element; @start if there is none, or it is an empty element. */
static size_t
read_serial_number_tag (const MaskChars *chars, size_t start)
{
  size_t i = start + 1;

  if (mask_chars_at (chars, start) != '<')
    return start;
  if (!mask_chars_has (chars, i, "serialnumber"))
    {
      while (is_word (chars, i))
        i++;
      if (mask_chars_at (chars, i) != ':' || !mask_chars_has (chars, ++i, "serialnumber"))
        return start;
    }

  i += strlen ("serialnumber");
  if (mask_chars_at (chars, i) != '>' && !g_ascii_isspace (mask_chars_at (chars, i)))
    return start;
  while (i < chars->length && mask_chars_at (chars, i) != '>')
    i++;
  return mask_chars_at (chars, i - 1) == '/' ? start : i;
}

/* Everything but blanks, up to the next end tag: an entity is replaced as a whole. */
static size_t
mask_serial_number (MaskChars *chars, size_t start)
{
  static const char cdata[] = "<![cdata[";
  size_t i = read_serial_number_tag (chars, start);

  if (i == start)
    return start;

  for (i++; i < chars->length && !mask_chars_has (chars, i, "</");)
    if (mask_chars_has (chars, i, cdata))
      i += strlen (cdata);
    else if (mask_chars_has (chars, i, "]]>"))
      i += strlen ("]]>");
    else
      {
        if (!g_ascii_isspace (mask_chars_at (chars, i)) && mask_chars_at (chars, i) != '\0')
          mask_chars_put (chars, i, '0');
        i++;
      }

  return i;
}

/* --- All of them --- */

void
mask_identifiers (MaskChars *chars)
{
  for (size_t i = 0, end; i < chars->length; i = MAX (end, i + 1))
    {
      end = mask_serial_number (chars, i);
      if (end == i)
        end = mask_device_name (chars, i);
      if (end > i || (i > 0 && is_word (chars, i - 1)))
        continue;

      end = mask_uuid (chars, i);
      if (end == i)
        end = mask_mac (chars, i);
      if (end == i)
        end = mask_plain_mac (chars, i);
    }
}

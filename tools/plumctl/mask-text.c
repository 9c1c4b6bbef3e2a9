/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finds addresses in text, whatever surrounds them, and replaces their digits. What may be a public
 * address is replaced; an address is kept only if it is certain that it is not public. Other
 * identifiers are replaced afterwards. */

#include "mask-text.h"

#include "mask-chars.h"
#include "mask-identifiers.h"

#include <string.h>

#define IPV4_GROUPS 4
#define IPV6_GROUPS 8
#define NIBBLES 32    /* of an IPv6 address */
#define NIBBLES_MIN 8 /* of a name in ip6.arpa, without the suffix: fewer name a provider */
#define IPV4_TEXT_MIN 7
#define IPV4_TEXT_MAX 15

/* A part of the characters. */
typedef struct
{
  size_t start;
  size_t end;
  guint n_groups;
  char separator;
} Run;

/* Indexed by the length of the text; all in 1.0.0.0/8, 11.0.0.0/8 and 111.0.0.0/8. */
static const char *const ipv4_replacements[] = {
  "1.2.3.4",      "1.2.3.40",      "1.2.3.140",      "1.2.30.140",      "1.2.130.140",
  "1.20.130.140", "1.120.130.140", "11.120.130.140", "111.120.130.140",
};

gboolean
mask_text_is_private (GInetAddress *address)
{
  switch (plum_address_get_scope (address))
    {
    case PLUM_ADDRESS_SCOPE_PUBLIC:
      return FALSE;
    case PLUM_ADDRESS_SCOPE_RESERVED:
      /* An IPv6 address of a transition mechanism contains an IPv4 address. */
      return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4;
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_PRIVATE:
    case PLUM_ADDRESS_SCOPE_CGNAT:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    default:
      return TRUE;
    }
}

static void
text_set_done (MaskChars *self, const Run *run)
{
  for (size_t i = run->start; i < run->end; i++)
    self->chars[i].done = TRUE;
}

static gboolean
is_private_text (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address != NULL && mask_text_is_private (address);
}

/* --- Names in in-addr.arpa (RFC 1035 3.5) and ip6.arpa (RFC 3596 2.5) --- */

static gboolean
is_separator (char c)
{
  return c == '.' || c == '-' || c == '_';
}

/* Reads numbers with one separator. */
static void
read_numbers (const MaskChars *text, size_t start, Run *run)
{
  size_t i = start;

  *run = (Run){ .start = start };
  while (mask_chars_is_digit (text, i))
    {
      while (mask_chars_is_digit (text, i))
        i++;
      run->n_groups++;
      run->end = i;
      if (run->n_groups == 1 && is_separator (mask_chars_at (text, i)))
        run->separator = mask_chars_at (text, i);
      if (run->separator == '\0' || mask_chars_at (text, i) != run->separator)
        break;
      i++;
    }
}

/* Reads hexadecimal digits with dots between them. */
static void
read_nibbles (const MaskChars *text, size_t start, Run *run)
{
  *run = (Run){ .start = start, .end = start, .separator = '.' };
  for (size_t i = start; mask_chars_is_xdigit (text, i) && !mask_chars_is_xdigit (text, i + 1);
       i += 2)
    {
      run->n_groups++;
      run->end = i + 1;
      if (mask_chars_at (text, i + 1) != run->separator)
        break;
    }
}

/* The IPv6 address of a complete reversed name. */
static char *
dup_reversed_ipv6 (const MaskChars *text, const Run *run)
{
  GString *address = g_string_new (NULL);

  for (guint i = 0; run->n_groups == NIBBLES && i < NIBBLES; i++)
    {
      if (i > 0 && i % 4 == 0)
        g_string_append_c (address, ':');
      g_string_append_c (address, mask_chars_at (text, run->end - 1 - 2 * i));
    }

  return g_string_free (address, FALSE);
}

/* Keeps the last four nibbles, which are the first group of the address. */
static size_t
mask_nibbles (MaskChars *text, size_t start)
{
  g_autofree char *address = NULL;
  Run run;

  read_nibbles (text, start, &run);
  if (run.n_groups == 0)
    return 0;
  if (run.n_groups < NIBBLES_MIN && !mask_chars_has (text, run.end, ".ip6.arpa"))
    return 0;

  address = dup_reversed_ipv6 (text, &run);
  for (guint i = 0; !is_private_text (address) && i + 4 < run.n_groups; i++)
    mask_chars_put (text, run.start + 2 * i, '0');
  text_set_done (text, &run);
  return run.end;
}

/* --- IPv4: 192.0.2.1, zero-padded or octal, or with other separators --- */

/* Leading zeros: decimal or octal. */
static gboolean
is_ipv4_number (const char *group)
{
  guint64 value = g_ascii_strtoull (group, NULL, 10);

  return value <= 255 || (group[0] == '0' && strspn (group, "01234567") == strlen (group) &&
                          g_ascii_strtoull (group, NULL, 8) <= 255);
}

/* The last digits of the first group and the first ones of the last group are always numbers: only
 * the groups between them tell that there is no address. */
static gboolean
may_be_ipv4 (char **groups, guint n_groups)
{
  guint n = 0;

  for (guint i = 1; i < n_groups; i++)
    {
      if (n >= IPV4_GROUPS - 2)
        return TRUE;
      n = is_ipv4_number (groups[i]) ? n + 1 : 0;
    }

  return FALSE;
}

/* "00-11-22-33-44-55" */
static gboolean
is_mac (const Run *run)
{
  return run->separator == '-' && run->n_groups == 6 && run->end - run->start == 17;
}

static gboolean
is_private_ipv4 (char **groups, guint n_groups, gboolean reversed)
{
  g_autofree char *forward = NULL;
  g_autofree char *backward = NULL;

  if (n_groups != IPV4_GROUPS)
    return FALSE;
  for (guint i = 0; i < n_groups; i++)
    if (strlen (groups[i]) > 3 || (groups[i][0] == '0' && groups[i][1] != '\0'))
      return FALSE;

  forward = g_strjoin (".", groups[0], groups[1], groups[2], groups[3], NULL);
  backward = g_strjoin (".", groups[3], groups[2], groups[1], groups[0], NULL);
  return is_private_text (reversed ? backward : forward);
}

/* The length of the group that ends at @end. */
static size_t
count_digits (const MaskChars *text, const Run *run, size_t end)
{
  size_t n = 0;

  while (end - n > run->start && g_ascii_isdigit (mask_chars_at (text, end - n - 1)))
    n++;
  return n;
}

/* Replaces all digits, and keeps the lengths of the groups: 111-20-3-0140. */
static void
put_ipv4_groups (MaskChars *text, const Run *run)
{
  static const char digits[IPV4_GROUPS][4] = { "111", "021", "031",
                                               "041" }; /* the last one first */
  guint group = run->n_groups - 1;
  size_t position = 0;
  size_t n_digits = 0;

  for (size_t i = run->end; i > run->start; i--)
    {
      if (!g_ascii_isdigit (mask_chars_at (text, i - 1)))
        {
          group--;
          position = 0;
          continue;
        }
      n_digits = position == 0 ? count_digits (text, run, i) : n_digits;
      mask_chars_put (text, i - 1,
                      n_digits == 1                     ? digits[group % IPV4_GROUPS][1]
                      : position < sizeof digits[0] - 1 ? digits[group % IPV4_GROUPS][position]
                                                        : '0');
      position++;
    }
}

static void
put_ipv4 (MaskChars *text, const Run *run)
{
  size_t length = run->end - run->start;

  if (run->separator != '.' || run->n_groups != IPV4_GROUPS || length > IPV4_TEXT_MAX)
    {
      put_ipv4_groups (text, run);
      return;
    }

  for (size_t i = 0; i < length; i++)
    mask_chars_put (text, run->start + i, ipv4_replacements[length - IPV4_TEXT_MIN][i]);
}

static size_t
mask_ipv4 (MaskChars *text, size_t start)
{
  g_autofree char *part = NULL;
  g_auto (GStrv) groups = NULL;
  Run run;

  read_numbers (text, start, &run);
  if (run.n_groups < IPV4_GROUPS)
    return 0;

  part = mask_chars_dup (text, run.start, run.end);
  groups = g_strsplit (part, (const char[]){ run.separator, '\0' }, -1);
  if (!may_be_ipv4 (groups, run.n_groups))
    return run.end;
  if (is_mac (&run))
    return run.end;
  if (!is_private_ipv4 (groups, run.n_groups, mask_chars_has (text, run.end, ".in-addr.arpa")))
    put_ipv4 (text, &run);
  text_set_done (text, &run);
  return run.end;
}

/* --- IPv4 as one number: 0x0A000001, http://167772161/ --- */

static gboolean
is_public_number (guint64 number)
{
  const guint8 bytes[] = { (guint8) (number >> 24), (guint8) (number >> 16), (guint8) (number >> 8),
                           (guint8) number };
  g_autoptr (GInetAddress) address = g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV4);

  return number >> 32 == 0 && !mask_text_is_private (address);
}

/* "p0A000001.dip.example.net": providers name their customers' hosts after the address. */
static size_t
mask_host_name (MaskChars *text, size_t start)
{
  size_t end = start;
  size_t label;
  g_autofree char *part = NULL;

  while (mask_chars_is_xdigit (text, end))
    end++;
  if (end - start != 8 || mask_chars_at (text, end) != '.')
    return 0;

  label = end + 1;
  while (g_ascii_isalnum (mask_chars_at (text, label)) || mask_chars_at (text, label) == '-')
    label++;
  if (label == end + 1 || mask_chars_at (text, label) != '.')
    return 0;

  part = mask_chars_dup (text, start, end);
  if (!is_public_number (g_ascii_strtoull (part, NULL, 16)))
    return end;

  for (size_t i = start; i < end; i++)
    mask_chars_put (text, i, i == start + 1 ? '1' : '0');
  text_set_done (text, &(Run){ .start = start, .end = end });
  return end;
}

/* Whether the host of a URL starts at @i (RFC 3986 3.2). */
static gboolean
is_host (const MaskChars *text, size_t i)
{
  return (i >= 2 && mask_chars_at (text, i - 1) == '/' && mask_chars_at (text, i - 2) == '/') ||
         (i >= 1 && mask_chars_at (text, i - 1) == '@');
}

static size_t
mask_number (MaskChars *text, size_t start)
{
  gboolean hex = mask_chars_has (text, start, "0x");
  gboolean url = is_host (text, start);
  size_t first = start + (hex ? 2 : 0);
  size_t end = first;
  g_autofree char *part = NULL;

  if (!hex && !url)
    return 0;
  while (hex ? mask_chars_is_xdigit (text, end) : mask_chars_is_digit (text, end))
    end++;
  if (end - first < 7 || (!hex && is_separator (mask_chars_at (text, end))))
    return 0;

  part = mask_chars_dup (text, first, end);
  if (end - first <= (hex ? 8 : 10) &&
      !is_public_number (g_ascii_strtoull (part, NULL, hex ? 16 : 10)))
    return 0;

  /* 1.x.x.x */
  for (size_t i = first; i < end; i++)
    mask_chars_put (text, i, hex ? (i + 7 == end ? '1' : '0') : (i + 8 == end ? '2' : '0'));
  text_set_done (text, &(Run){ .start = start, .end = end });
  return end;
}

/* --- IPv6 --- */

static gboolean
read_ipv6_run (const MaskChars *text, size_t start, char separator, Run *run)
{
  guint n_separators = 0;
  gboolean compressed = FALSE;

  *run = (Run){ .start = start, .end = start, .separator = separator };
  for (; mask_chars_is_xdigit (text, run->end) || mask_chars_at (text, run->end) == separator;
       run->end++)
    if (mask_chars_at (text, run->end) == separator)
      {
        n_separators++;
        compressed =
          compressed || (run->end > start && mask_chars_at (text, run->end - 1) == separator);
      }

  return compressed || n_separators >= IPV6_GROUPS - 1;
}

/* Leaves out a colon at either end that does not belong to "::", or precedes a dotted IPv4 address
 * that was handled. */
static void
trim_ipv6_run (const MaskChars *text, Run *run)
{
  char separator = run->separator;
  gboolean dotted = run->end < text->length && text->chars[run->end].done;

  if (!dotted && run->end - run->start > 2 && mask_chars_at (text, run->end - 1) == separator &&
      mask_chars_at (text, run->end - 2) != separator)
    run->end--;

  if (run->end - run->start > 2 && mask_chars_at (text, run->start) == separator &&
      mask_chars_at (text, run->start + 1) != separator)
    run->start++;
}

/* A link-local address has a prefix of 64 bits (RFC 4291 2.5.6): another one may be two parts. */
static gboolean
is_private_ipv6 (const char *part)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (part);
  static const guint8 zeros[6] = { 0 };

  if (address == NULL || !mask_text_is_private (address))
    return FALSE;

  return !g_inet_address_get_is_link_local (address) ||
         memcmp (g_inet_address_to_bytes (address) + 2, zeros, sizeof zeros) == 0;
}

/* ::ffff:5db8:d822 */
static gboolean
is_mapped_ipv4 (const char *part)
{
  static const guint8 prefix[12] = { [10] = 0xff, [11] = 0xff };
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (part);

  return address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
         memcmp (g_inet_address_to_bytes (address), prefix, sizeof prefix) == 0;
}

/* Keeps the first group, which determines the scope, and zeroes all other digits. Of an IPv4-mapped
 * address, replaces the last two groups. */
static void
put_ipv6 (MaskChars *text, const Run *run, gboolean mapped)
{
  guint n_groups = 0;
  size_t digit = 0;

  for (size_t i = run->end; mapped && i > run->start && n_groups < 2; i--)
    {
      if (mask_chars_at (text, i - 1) == run->separator)
        {
          n_groups++;
          digit = 0;
        }
      else
        mask_chars_put (text, i - 1, digit++ == 2 ? '1' : '0');
    }

  for (size_t i = run->start, past = FALSE; !mapped && i < run->end; i++)
    {
      past = past || mask_chars_at (text, i) == run->separator;
      if (past && mask_chars_at (text, i) != run->separator)
        mask_chars_put (text, i, '0');
    }
}

static size_t
mask_ipv6 (MaskChars *text, size_t start, char separator)
{
  g_autofree char *part = NULL;
  Run run;

  if (!read_ipv6_run (text, start, separator, &run))
    return 0;

  trim_ipv6_run (text, &run);
  part = mask_chars_dup (text, run.start, run.end);
  g_strdelimit (part, "-", ':');
  if (!is_private_ipv6 (part) && !g_str_equal (part, "::ffff:") && !g_str_equal (part, "64:ff9b::"))
    put_ipv6 (text, &run, is_mapped_ipv4 (part));
  text_set_done (text, &run);
  return run.end;
}

/* --- All of them --- */

/* Returns the end of the part that was handled; 0 if none was. */
typedef size_t (*MaskFunc) (MaskChars *text, size_t start);

static size_t
mask_colons (MaskChars *text, size_t start)
{
  return mask_ipv6 (text, start, ':');
}

static size_t
mask_dashes (MaskChars *text, size_t start)
{
  return g_ascii_isxdigit (mask_chars_at (text, start)) ? mask_ipv6 (text, start, '-') : 0;
}

/* Tries each position at which an address may begin. is_part: (nullable): not within a number. */
static void
apply (MaskChars *text, MaskFunc func, gboolean (*is_part) (const MaskChars *, size_t))
{
  size_t end = 0;

  for (size_t i = 0; i < text->length; i++)
    if (i >= end && !text->chars[i].done &&
        (is_part == NULL || i == 0 || !is_part (text, i) || !is_part (text, i - 1)))
      end = func (text, i);
}

void
mask_text_in_place (char *text, size_t length)
{
  MaskChars view;

  mask_chars_init (&view, text, length);
  apply (&view, mask_nibbles, mask_chars_is_xdigit);
  apply (&view, mask_number, NULL);
  apply (&view, mask_host_name, mask_chars_is_xdigit);
  apply (&view, mask_dashes, mask_chars_is_xdigit);
  apply (&view, mask_ipv4, mask_chars_is_digit);
  apply (&view, mask_colons, mask_chars_is_xdigit);
  mask_identifiers (&view);
  mask_chars_clear (&view);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "igd-xml.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Many routers produce XML that GMarkup rejects (quirk 37). The sanitizer removes byte order marks,
 * NUL padding, other encodings than UTF-8, stray ampersands, attributes, and differences of case
 * between tags. It has no DTD and only the five standard entities, so that no document can grow. */

#define IGD_XML_MAX_TAG 1024 /* with its attributes; a longer tag has an unmatched quote */

/* The sanitizer ends each element that the document does not end. This instruction before the end
 * tag marks the element as not closed: its text may be cut. It cannot come from a router, because
 * the sanitizer removes every instruction. */
#define CUT_MARK "<?cut?>"

/* The text as GMarkup accepts it, so far. */
typedef struct
{
  GString *out;
  GQueue open;        /* of char *: the names of the open elements; the innermost first */
  gboolean text_only; /* the last tag started the innermost element */
} UpnpXmlSanitizer;

typedef struct
{
  UpnpXmlNode *open;
  unsigned int depth;
  unsigned int n_elements;
  gboolean cut;     /* the next end tag is from the sanitizer */
  gboolean any_cut; /* some end tag was */
} UpnpXmlBuilder;

void
upnp_xml_node_free (UpnpXmlNode *self)
{
  g_free (self->name);
  g_clear_pointer (&self->children, g_ptr_array_unref);
  g_string_free (self->text, TRUE);
  g_free (self);
}

static UpnpXmlNode *
upnp_xml_node_new (const char *name, UpnpXmlNode *parent)
{
  UpnpXmlNode *self = g_new0 (UpnpXmlNode, 1);

  self->name = g_strdup (name);
  self->text = g_string_new (NULL);
  self->parent = parent;

  if (parent != NULL)
    {
      if (parent->children == NULL)
        parent->children = g_ptr_array_new_with_free_func ((GDestroyNotify) upnp_xml_node_free);
      g_ptr_array_add (parent->children, self);
    }

  return self;
}

/* Removes control characters, and the NUL bytes that some devices use for padding. */
static GString *
strip_controls (const char *data, gsize len)
{
  GString *clean = g_string_sized_new (len);

  for (const char *p = data; p < data + len; p++)
    {
      if ((guchar) *p >= 0x20 || g_ascii_isspace (*p))
        g_string_append_c (clean, *p);
    }

  return clean;
}

static gboolean
declares_latin (const char *text)
{
  g_autofree char *head = g_strndup (text, 256);
  g_autofree char *lower = g_ascii_strdown (head, -1);
  const char *encoding = strstr (lower, "encoding=");

  return encoding != NULL &&
         (strstr (encoding, "8859") != NULL || strstr (encoding, "1252") != NULL ||
          strstr (encoding, "latin") != NULL);
}

/* Converts bytes that are not UTF-8 from Latin-1 if the document declares it, else replaces them:
 * the encoding of an error text must not hide the number of the error (quirk 37). */
static char *
to_utf8 (GString *bytes)
{
  GString *utf8;

  if (g_utf8_validate (bytes->str, (gssize) bytes->len, NULL))
    return g_strndup (bytes->str, bytes->len);
  if (!declares_latin (bytes->str))
    return g_utf8_make_valid (bytes->str, (gssize) bytes->len);

  utf8 = g_string_sized_new (bytes->len * 2);
  for (const char *p = bytes->str; *p != '\0'; p++)
    g_string_append_unichar (utf8, (guchar) *p);
  return g_string_free (utf8, FALSE);
}

/* The length of the entity at text; 0: GMarkup would reject it. */
static gsize
entity_length (const char *text)
{
  static const char *const named[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };
  gboolean hex = g_str_has_prefix (text, "&#x");
  const char *digits = text + (hex ? 3 : 2);
  char *end = NULL;
  guint64 value;

  for (gsize i = 0; i < G_N_ELEMENTS (named); i++)
    {
      if (g_str_has_prefix (text, named[i]))
        return strlen (named[i]);
    }

  if (!g_str_has_prefix (text, "&#") || !g_ascii_isxdigit (*digits))
    return 0;
  value = g_ascii_strtoull (digits, &end, hex ? 16 : 10);
  if (end == NULL || end == digits || *end != ';')
    return 0;
  if (value == 0 || value > 0x10ffff || !g_unichar_validate ((gunichar) value) ||
      (value & 0xfffe) == 0xfffe || (value < 0x20 && !g_ascii_isspace ((char) value)))
    return 0;

  return (gsize) (end + 1 - text);
}

/* The number of bytes before the next character of stops, or before the end. It runs for every tag,
 * so it must not read beyond the result. */
static gsize
span_to (const char *text, const char *stops)
{
  gsize n = 0;

  while (text[n] != '\0' && strchr (stops, text[n]) == NULL)
    n++;
  return n;
}

/* The '>' that ends the tag at text, outside of quotes; NULL: the document is cut. */
static const char *
find_tag_end (const char *text)
{
  char quote = '\0';

  for (const char *p = text + 1; *p != '\0' && p < text + IGD_XML_MAX_TAG; p++)
    {
      if (quote != '\0')
        {
          if (*p == quote)
            quote = '\0';
        }
      else if (*p == '"' || *p == '\'')
        quote = *p;
      else if (*p == '>' || *p == '<')
        return p;
    }

  /* An unmatched quote: accept any. */
  text += span_to (text, ">");
  return *text == '>' ? text : NULL;
}

/* Whether a name that GMarkup accepts can start at text. */
static gboolean
starts_name (const char *text)
{
  return *text == '_' || g_unichar_isalpha (g_utf8_get_char (text));
}

/* The name without a prefix and the characters that GMarkup does not accept, in lower case.
 * Returns NULL if nothing is left. (transfer full) */
static char *
dup_name (const char *text, gsize length)
{
  const char *colon = g_strrstr_len (text, (gssize) length, ":");
  const char *end = text + length;
  GString *name;

  if (colon != NULL)
    text = colon + 1;
  if (text == end || !starts_name (text))
    return NULL;

  name = g_string_new (NULL);
  for (; text < end; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      if (g_unichar_isalnum (c) || c == '_' || c == '-' || c == '.')
        g_string_append_unichar (name, c < 0x80 ? (gunichar) g_ascii_tolower ((char) c) : c);
    }

  return g_string_free (name, FALSE);
}

static void
end_element (UpnpXmlSanitizer *self, gboolean cut)
{
  g_autofree char *name = g_queue_pop_head (&self->open);

  g_string_append_printf (self->out, "%s</%s>", cut ? CUT_MARK : "", name);
}

/* An end tag ends the innermost element of its name, and the elements inside of it. One without an
 * element is a misprint (quirk 37): it ends an element that has only text, and has no effect after
 * other elements. The search is short: the depth is bounded. */
static void
copy_end_tag (UpnpXmlSanitizer *self, const char *name)
{
  guint n = 0;

  for (GList *l = self->open.head; l != NULL; l = l->next, n++)
    {
      if (!g_str_equal (l->data, name))
        continue;
      while (n-- > 0)
        end_element (self, TRUE);
      end_element (self, FALSE);
      return;
    }

  if (!g_queue_is_empty (&self->open) && self->text_only)
    end_element (self, TRUE);
}

/* A '<' that starts no tag is text, as in “A < B” and “I <3 you” (quirk 37). Text is possible
 * inside of an element only. Returns the text after it. */
static const char *
copy_stray (UpnpXmlSanitizer *self, const char *text)
{
  if (!g_queue_is_empty (&self->open))
    {
      g_string_append (self->out, "&lt;");
      return text + 1;
    }

  return text + 1 + span_to (text + 1, "<");
}

/* Copies a tag in lower case without its attributes and prefix. Returns the text after it. */
static const char *
copy_tag (UpnpXmlSanitizer *self, const char *text)
{
  gboolean closing = text[1] == '/';
  const char *start = text + (closing ? 2 : 1);
  gboolean nameless = closing && *start == '>';
  const char *end;
  g_autofree char *name = NULL;

  if (!nameless && !starts_name (start) && *start != ':')
    return copy_stray (self, text);

  end = find_tag_end (text);
  if (end == NULL)
    return text + strlen (text);

  name = nameless ? g_strdup ("") : dup_name (start, span_to (start, " \t\r\n/><\"'"));
  if (name == NULL || *end == '<')
    return copy_stray (self, text);

  if (closing)
    {
      copy_end_tag (self, name);
    }
  else
    {
      g_string_append_printf (self->out, "<%s>", name);
      g_queue_push_head (&self->open, g_steal_pointer (&name));
      if (*(end - 1) == '/')
        end_element (self, FALSE);
    }
  self->text_only = !closing && *(end - 1) != '/';

  return end + 1;
}

/* Copies or skips the text up to the end of closer. */
static const char *
pass_section (UpnpXmlSanitizer *self, const char *text, const char *closer, gboolean keep)
{
  const char *end = strstr (text, closer);
  gsize length = end != NULL ? (gsize) (end - text) + strlen (closer) : strlen (text);

  if (keep)
    g_string_append_len (self->out, text, (gssize) length);
  if (keep && end == NULL)
    g_string_append (self->out, closer);

  return text + length;
}

/* Skips a document type with the declarations in its brackets. */
static const char *
skip_declaration (const char *text)
{
  const char *end = text + span_to (text, "[>");

  if (*end == '[')
    {
      end += span_to (end, "]");
      end += span_to (end, ">");
    }

  return *end == '>' ? end + 1 : end;
}

static const char *
copy_markup (UpnpXmlSanitizer *self, const char *text)
{
  if (text[1] != '!' && text[1] != '?')
    return copy_tag (self, text);
  if (!starts_name (text + 2) && text[2] != '-' && text[2] != '[')
    return copy_stray (self, text);
  if (g_str_has_prefix (text, "<![CDATA["))
    return pass_section (self, text, "]]>", TRUE);
  if (g_str_has_prefix (text, "<!--"))
    return pass_section (self, text, "-->", FALSE);
  if (g_str_has_prefix (text, "<?"))
    return pass_section (self, text, "?>", FALSE);

  return skip_declaration (text);
}

static const char *
copy_some (UpnpXmlSanitizer *self, const char *text)
{
  gsize length;

  if (*text == '<')
    return copy_markup (self, text);

  if (*text == '&')
    {
      g_string_append (self->out, entity_length (text) > 0 ? "&" : "&amp;");
      return text + 1;
    }

  length = span_to (text, "<&");
  g_string_append_len (self->out, text, (gssize) length);
  return text + length;
}

char *
upnp_xml_sanitise (const char *data, gsize len)
{
  GString *bytes = strip_controls (data, len);
  g_autofree char *utf8 = to_utf8 (bytes);
  UpnpXmlSanitizer self = { .out = g_string_sized_new (bytes->len) };
  /* Skip blanks, a byte order mark and other bytes before the document (quirk 37). */
  const char *p = strchr (utf8, '<');

  g_string_free (bytes, TRUE);

  /* The parser refuses deeper documents. */
  while (p != NULL && *p != '\0' && g_queue_get_length (&self.open) <= UPNP_XML_MAX_DEPTH)
    p = copy_some (&self, p);
  while (!g_queue_is_empty (&self.open))
    end_element (&self, TRUE);

  return g_string_free (self.out, FALSE);
}

static void
on_start_element (GMarkupParseContext *context,
                  const char *name,
                  const char **attribute_names,
                  const char **attribute_values,
                  gpointer user_data,
                  GError **error)
{
  UpnpXmlBuilder *builder = user_data;

  if (builder->depth >= UPNP_XML_MAX_DEPTH || builder->n_elements >= UPNP_XML_MAX_ELEMENTS)
    {
      g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
                   _ ("The document has more than %u elements, or more than %u levels"),
                   (guint) UPNP_XML_MAX_ELEMENTS, (guint) UPNP_XML_MAX_DEPTH);
      return;
    }

  builder->depth++;
  builder->n_elements++;
  builder->open = upnp_xml_node_new (name, builder->open);
}

static void
on_end_element (GMarkupParseContext *context, const char *name, gpointer user_data, GError **error)
{
  UpnpXmlBuilder *builder = user_data;

  builder->depth--;
  builder->open->closed = !builder->cut;
  builder->any_cut |= builder->cut;
  builder->cut = FALSE;
  builder->open = builder->open->parent;
}

static void
on_cut_mark (
  GMarkupParseContext *context, const char *text, gsize len, gpointer user_data, GError **error)
{
  UpnpXmlBuilder *builder = user_data;

  builder->cut = TRUE;
}

static void
on_text (
  GMarkupParseContext *context, const char *text, gsize len, gpointer user_data, GError **error)
{
  UpnpXmlBuilder *builder = user_data;

  g_string_append_len (builder->open->text, text, (gssize) len);
}

UpnpXmlNode *
upnp_xml_parse (const char *data, gsize len, GError **error)
{
  static const GMarkupParser parser = {
    .start_element = on_start_element,
    .end_element = on_end_element,
    .text = on_text,
    .passthrough = on_cut_mark,
  };
  g_autofree char *text = upnp_xml_sanitise (data, len);
  g_autoptr (UpnpXmlNode) document = upnp_xml_node_new ("", NULL);
  g_autoptr (GMarkupParseContext) context = NULL;
  g_autoptr (GError) markup_error = NULL;
  UpnpXmlBuilder builder = { .open = document };

  context = g_markup_parse_context_new (&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &builder, NULL);
  document->closed = g_markup_parse_context_parse (context, text, -1, &markup_error) &&
                     g_markup_parse_context_end_parse (context, &markup_error) && !builder.any_cut;

  if (document->children == NULL)
    {
      /* GMarkup quotes the document by bytes, and may split a character. */
      g_autofree char *reason =
        plum_text_make_printable (markup_error != NULL ? markup_error->message : _ ("empty"), 100);

      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
                   g_dngettext (GETTEXT_PACKAGE, "%u byte is not XML: %s",
                                "%u bytes are not XML: %s", len),
                   (guint) len, reason);
      return NULL;
    }

  return g_steal_pointer (&document);
}

const UpnpXmlNode *
upnp_xml_find_child (const UpnpXmlNode *self, const char *name)
{
  for (guint i = 0; self->children != NULL && i < self->children->len; i++)
    {
      const UpnpXmlNode *child = g_ptr_array_index (self->children, i);

      if (g_str_equal (child->name, name))
        return child;
    }

  return NULL;
}

const UpnpXmlNode *
upnp_xml_find (const UpnpXmlNode *self, const char *name)
{
  for (guint i = 0; self->children != NULL && i < self->children->len; i++)
    {
      const UpnpXmlNode *child = g_ptr_array_index (self->children, i);
      const UpnpXmlNode *found =
        g_str_equal (child->name, name) ? child : upnp_xml_find (child, name);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static void
collect (const UpnpXmlNode *self, const char *name, GPtrArray *found)
{
  for (guint i = 0; self->children != NULL && i < self->children->len; i++)
    {
      UpnpXmlNode *child = g_ptr_array_index (self->children, i);

      if (g_str_equal (child->name, name))
        g_ptr_array_add (found, child);
      collect (child, name, found);
    }
}

GPtrArray *
upnp_xml_find_all (const UpnpXmlNode *self, const char *name)
{
  GPtrArray *found = g_ptr_array_new ();

  collect (self, name, found);
  return found;
}

static char *
dup_whole_text (const UpnpXmlNode *node)
{
  return node != NULL && node->closed ? g_strstrip (g_strdup (node->text->str)) : NULL;
}

char *
upnp_xml_dup_child_text (const UpnpXmlNode *self, const char *name)
{
  return dup_whole_text (upnp_xml_find_child (self, name));
}

char *
upnp_xml_dup_text (const UpnpXmlNode *self, const char *name)
{
  return dup_whole_text (upnp_xml_find (self, name));
}

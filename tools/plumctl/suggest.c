/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "suggest.h"

#include <string.h>

/* With more differences than this, the word is probably not a typing error. */
#define MAX_DISTANCE 2
#define MAX_LENGTH 31

/* The Levenshtein distance of two short words. */
static guint
measure_distance (const char *a, const char *b)
{
  size_t n_a = strlen (a), n_b = strlen (b);
  guint row[MAX_LENGTH + 1];

  if (n_a > MAX_LENGTH || n_b > MAX_LENGTH)
    return G_MAXUINT;

  for (guint j = 0; j <= n_b; j++)
    row[j] = j;

  for (guint i = 1; i <= n_a; i++)
    {
      guint diagonal = row[0];

      row[0] = i;
      for (guint j = 1; j <= n_b; j++)
        {
          guint above = row[j];
          guint replaced = diagonal + (a[i - 1] != b[j - 1]);

          row[j] = MIN (replaced, MIN (above, row[j - 1]) + 1);
          diagonal = above;
        }
    }

  return row[n_b];
}

/* The element of @known that begins with @word, or else is nearest to it; NULL if none is near. */
const char *
suggest_nearest (const char *word, const char *const *known)
{
  const char *nearest = NULL;
  guint least = MAX_DISTANCE + 1;

  for (guint i = 0; known[i] != NULL; i++)
    {
      guint distance = measure_distance (word, known[i]);

      if (*word != '\0' && g_str_has_prefix (known[i], word))
        return known[i];
      if (distance < least)
        {
          least = distance;
          nearest = known[i];
        }
    }

  return nearest;
}

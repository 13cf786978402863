/* SPDX-License-Identifier: MIT */
/* Paths such as "sandboxes[2].standby": finding what is there, and putting something else there. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/text_check.h"
#include "scenario/tree.h"

static const struct node *item(const struct node *list, unsigned long index)
{
    if (list->kind != NODE_LIST)
        return index == 0 ? list : NULL;
    const struct node *node = list->first;
    while (node != NULL && index-- > 0)
        node = node->next;
    return node;
}

const struct node *tree_find(const struct tree *tree, const char *path, bool *exact)
{
    const struct node *node = tree->root;
    bool complete = true;

    while (*path != '\0' && complete) {
        const struct node *next = NULL;
        if (*path == '[') {
            char *end = NULL;
            next = item(node, strtoul(path + 1, &end, 10));
            path = end + 1; /* past ']' */
        } else {
            char key[64];
            size_t length = strcspn(path, ".[");
            snprintf(key, sizeof(key), "%.*s", (int)length, path);
            next = tree_get(node, key);
            path += length;
        }
        if (*path == '.')
            path++;
        complete = next != NULL;
        if (complete)
            node = next;
    }
    if (exact != NULL)
        *exact = complete;
    return node;
}

static const struct mark no_place = {0, 0};

static struct node *add_to_map(struct tree *tree, struct node *map, const char *key, struct node *value)
{
    struct node *name = tree_new_node(tree, NODE_SCALAR, no_place);
    if (name == NULL || value == NULL)
        return NULL;
    name->text = strdup(key);
    if (name->text == NULL)
        return NULL;
    value->key = name;
    tree_append(map, value);
    return value;
}

static void forget_places(struct node *node)
{
    node->at = no_place;
    if (node->key != NULL)
        ((struct node *)(uintptr_t)node->key)->at = no_place;
    for (struct node *child = node->first; child != NULL; child = child->next)
        forget_places(child);
}

/* Gives `into` all nodes of `from`, which is empty afterwards. */
static void adopt(struct tree *into, struct tree *from)
{
    struct node *oldest = from->newest;
    while (oldest != NULL && oldest->allocated_before != NULL)
        oldest = oldest->allocated_before;
    if (oldest == NULL)
        return;
    oldest->allocated_before = into->newest;
    into->newest = from->newest;
    into->nodes += from->nodes;
    memset(from, 0, sizeof(*from));
}

/* One step of a path: a key, or an index in brackets. Moves *path on; false if it makes no sense. */
static bool step(const char **path, char key[64], unsigned long *index)
{
    const char *p = *path;
    if (*p == '[') {
        char *end = NULL;
        if (!isdigit((unsigned char)p[1]))
            return false;
        key[0] = '\0';
        *index = strtoul(p + 1, &end, 10);
        if (*end != ']')
            return false;
        p = end + 1;
    } else {
        size_t length = strcspn(p, ".[");
        if (length == 0 || length > 63)
            return false;
        memcpy(key, p, length);
        key[length] = '\0';
        p += length;
    }
    if (*p == '.' && p[1] != '\0')
        p++;
    else if (*p != '\0' && *p != '[')
        return false;
    *path = p;
    return true;
}

/* The node at `path`, made where it is missing; NULL if a step leads nowhere. */
static struct node *make_way(struct tree *tree, const char *path)
{
    struct node *node = tree->root;
    while (*path != '\0') {
        char key[64];
        unsigned long index = 0;
        if (!step(&path, key, &index))
            return NULL;
        struct node *next;
        if (key[0] == '\0') {
            next = (struct node *)(uintptr_t)item(node, index);
        } else {
            next = tree_get(node, key);
            if (next == NULL && node->kind == NODE_MAP)
                next = add_to_map(tree, node, key, tree_new_node(tree, NODE_MAP, no_place));
        }
        if (next == NULL)
            return NULL;
        node = next;
    }
    return node;
}

int tree_set(struct tree *tree, const char *path, const char *text, struct diag *diag)
{
    struct tree part;
    char shown[64];
    int result = -1;

    if (tree_build(&part, text, strlen(text), diag) == 0) {
        struct node *node = tree->root != NULL && path[0] != '\0' ? make_way(tree, path) : NULL;
        if (node == NULL) {
            diag_error(diag, no_place, "nothing can be set at '%s', expected a path such as load.rate",
                       text_quote(shown, sizeof(shown), path));
        } else {
            forget_places(part.root);
            node->kind = part.root->kind;
            node->at = no_place;
            node->first = part.root->first;
            node->last = part.root->last;
            char *other = node->text;
            node->text = part.root->text;
            part.root->text = other;
            adopt(tree, &part);
            result = 0;
        }
    }
    tree_free(&part);
    return result;
}

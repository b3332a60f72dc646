"""Label selectors as the API server evaluates them; apimachinery's labels.Requirement is the reference."""


def matches(selector, labels):
    """Whether a metav1.LabelSelector matches. None and the empty one match everything, as in a webhook."""
    selector = selector or {}
    requirements = [
        {"key": key, "operator": "In", "values": [value]} for key, value in (selector.get("matchLabels") or {}).items()
    ]
    requirements += selector.get("matchExpressions") or []
    return all(requirement_holds(requirement, labels) for requirement in requirements)


def requirement_holds(requirement, labels):
    key, operator, values = requirement["key"], requirement["operator"], requirement.get("values") or []
    if operator in ("In", "NotIn") and not values:
        raise ValueError(f"{key}: {operator} needs values")
    if operator in ("Exists", "DoesNotExist") and values:
        raise ValueError(f"{key}: {operator} takes no values")
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return key not in labels or labels[key] not in values
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    raise ValueError(f"{key}: {operator} is no operator of a label selector")

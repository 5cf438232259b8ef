"""Whatever JSON others may send, for hypothesis."""

from hypothesis import strategies as st

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]))
    | st.sampled_from(["clash", "http://[", "\ud800", "203.0.113.7"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cidrs", "tier", "type", "small", "medium", "name"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)

{{ with_labels(ref('fct_adoption_month'), ['region.current_region_key']) }}

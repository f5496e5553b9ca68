local namespace = 'airflow';
{ apiVersion: 'dagward/v1', policies: [] }
